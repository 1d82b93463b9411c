#include "core/plugin/trust.hpp"

#include "core/base/error.hpp"
#include "core/base/library.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

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

// What others could do to it; nothing if it is fine.
std::optional<std::string> distrust(const struct stat& s, bool sticky_is_fine) {
  const struct stat& host = host_status();
  if (s.st_uid != 0 && s.st_uid != geteuid() && s.st_uid != host.st_uid) {
    return fmt::format("belongs to user {}, who is neither you, nor root, nor the host's owner",
                       s.st_uid);
  }
  if (sticky_is_fine && (s.st_mode & S_ISVTX) != 0) return std::nullopt;
  if ((s.st_mode & S_IWOTH) != 0) return "can be written by everyone; run: chmod go-w";
  // Who can rewrite the host itself gains nothing by rewriting a plugin.
  const bool writes_host_anyway = (host.st_mode & S_IWGRP) != 0 && host.st_gid == s.st_gid;
  if ((s.st_mode & S_IWGRP) != 0 && !writes_host_anyway && !is_private_group(s.st_uid, s.st_gid)) {
    return fmt::format("can be written by group {}; run: chmod go-w", s.st_gid);
  }
  return std::nullopt;
}

// "can be written by everyone; run: chmod go-w" wants the path at its end.
std::string sentence(std::string_view what, const std::filesystem::path& path,
                     const std::string& why) {
  const bool command = why.ends_with("go-w");
  return fmt::format("{} '{}' is refused: it {}{}", what, path.string(), why,
                     command ? " '" + path.string() + "'" : "");
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
        fmt::format("plugin '{}' cannot be opened: {}", path.string(), std::strerror(reason)));
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
  if (const auto why = distrust(status, false)) throw usage_error(sentence("plugin", path, *why));
}

void check_trusted_folder(const std::filesystem::path& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) {
    throw usage_error(fmt::format("plugin folder '{}' cannot be read: {}", folder.string(),
                                  std::strerror(errno)));
  }
  if (const auto why = distrust(status, true)) {
    throw usage_error(sentence("plugin folder", folder, *why));
  }
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
