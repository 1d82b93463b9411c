// Which files may be loaded at all: loaded means trusted, so nobody else may be able to write
// them. Accepted owners are root, the user, and whoever owns the host's own binary. Some mounts
// (NTFS, vfat, 9p) let everybody write everything: of them the user says in the environment which
// folders are to be trusted as they are.
#pragma once

#include <filesystem>

#include <sys/stat.h>

namespace lathe {

// Folders between colons, "~/..." being the user's; all that is in them is trusted too.
inline constexpr const char* kTrustedFolders = "LATHE_TRUSTED_PLUGIN_FOLDERS";

// An open file, closed with the object.
class OpenFile {
 public:
  // Opens a regular file; does not follow a link in the last component. Throws usage_error.
  explicit OpenFile(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(OpenFile&& other) noexcept;
  OpenFile(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }
  const struct stat& status() const { return status_; }

 private:
  int descriptor_ = -1;
  struct stat status_{};
};

// Throw usage_error that names the path, what is wrong with it and the way out.
void check_trusted_file(const std::filesystem::path& path, const struct stat& status);
void check_trusted_folder(const std::filesystem::path& folder);

// True for the group that a system makes for one user alone (named after the user, nobody else in
// it), which Debian and Ubuntu pair with umask 002. Root's is not taken for one.
bool is_private_group(uid_t owner, gid_t group);

}  // namespace lathe
