#include "core/plugin/trust.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/library.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace lathe {
namespace {

const struct stat& host_status() {
  static const struct stat status = [] {
    struct stat s{};
    if (stat(host_library().c_str(), &s) != 0) s.st_uid = geteuid();
    return s;
  }();
  return status;
}

// Folders of LATHE_TRUSTED_PLUGIN_FOLDERS.
std::vector<std::filesystem::path> trusted_folders() {
  std::vector<std::filesystem::path> folders;
  const char* const list = std::getenv(kTrustedFolders);
  std::istringstream in(list == nullptr ? "" : list);
  for (std::string entry; std::getline(in, entry, ':');) {
    if (entry.empty()) continue;
    std::error_code error;
    const auto folder = std::filesystem::canonical(in_home(entry), error);
    if (!error) folders.push_back(folder);
  }
  return folders;
}

// In one of them, however deep.
bool is_trusted(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return false;
  return std::ranges::any_of(trusted_folders(), [&](const std::filesystem::path& folder) {
    return std::ranges::mismatch(folder, real).in1 == folder.end();
  });
}

// What others could do to it, and what helps; nothing if it is fine.
struct Distrust {
  std::string why;
  std::string_view way_out;
};
constexpr std::string_view kWritable = "run: chmod go-w";
constexpr std::string_view kStrange = "make a copy of your own of";

std::optional<Distrust> distrust(const struct stat& s, bool sticky_is_fine) {
  const struct stat& host = host_status();
  if (s.st_uid != 0 && s.st_uid != geteuid() && s.st_uid != host.st_uid) {
    return Distrust{
        fmt::format("belongs to user {}, who is neither you, nor root, nor the host's owner",
                    s.st_uid),
        kStrange};
  }
  if (sticky_is_fine && (s.st_mode & S_ISVTX) != 0) return std::nullopt;
  if ((s.st_mode & S_IWOTH) != 0) return Distrust{"can be written by everyone", kWritable};
  // Who can rewrite the host itself gains nothing by rewriting a plugin.
  const bool writes_host_anyway = (host.st_mode & S_IWGRP) != 0 && host.st_gid == s.st_gid;
  if ((s.st_mode & S_IWGRP) != 0 && !writes_host_anyway && !is_private_group(s.st_uid, s.st_gid)) {
    return Distrust{fmt::format("can be written by group {}", s.st_gid), kWritable};
  }
  return std::nullopt;
}

Error refusal(std::string_view what, const std::filesystem::path& path, const Distrust& distrust) {
  return usage_error(fmt::format(
      "{} '{}' is refused: it {}; {} '{}'; where that cannot be done (NTFS, vfat and 9p mounts), "
      "name its folder in {}",
      what, path.string(), distrust.why, distrust.way_out, path.string(), kTrustedFolders));
}

}  // namespace

OpenFile::OpenFile(const std::filesystem::path& path) {
  // Non-blocking, so that a pipe of that name cannot hang the host.
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor_ < 0) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR) {
      throw usage_error(fmt::format("there is no plugin file '{}'", path.string()));
    }
    throw usage_error(
        fmt::format("plugin '{}' cannot be opened: {}", path.string(), system_text(reason)));
  }
  if (fstat(descriptor_, &status_) != 0 || !S_ISREG(status_.st_mode)) {
    close(descriptor_);
    throw usage_error(fmt::format("plugin '{}' is no regular file", path.string()));
  }
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), status_(other.status_) {}

void check_trusted_file(const std::filesystem::path& path, const struct stat& status) {
  const auto why = distrust(status, false);
  if (why && !is_trusted(path)) throw refusal("plugin", path, *why);
}

void check_trusted_folder(const std::filesystem::path& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) {
    throw usage_error(
        fmt::format("plugin folder '{}' cannot be read: {}", folder.string(), system_text(errno)));
  }
  const auto why = distrust(status, true);
  if (why && !is_trusted(folder)) throw refusal("plugin folder", folder, *why);
}

bool is_private_group(uid_t owner, gid_t group) {
  if (owner == 0) return false;
  std::array<char, 16384> user_text, group_text;
  passwd user{}, *found_user = nullptr;
  ::group named{}, *found_group = nullptr;
  if (getpwuid_r(owner, &user, user_text.data(), user_text.size(), &found_user) != 0 ||
      found_user == nullptr || user.pw_gid != group ||
      getgrgid_r(group, &named, group_text.data(), group_text.size(), &found_group) != 0 ||
      found_group == nullptr || std::strcmp(user.pw_name, named.gr_name) != 0) {
    return false;
  }
  for (char** member = named.gr_mem; *member != nullptr; ++member) {
    if (std::strcmp(*member, user.pw_name) != 0) return false;
  }
  return true;
}

}  // namespace lathe
