#include "file_bytes.hpp"

#include "near_file.hpp"

#include <lathe/lathe.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace datasets {

namespace {

// The host's words; what is rare is said in the system's.
std::string system_text(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file";
    case EACCES:
      return "you are not allowed to read it, or to enter a folder on its path";
    case ENOTDIR:
      return "a part of the path is a file and no folder";
    case ELOOP:
      return "the links in its path lead in a circle";
    case ENAMETOOLONG:
      return "the name is too long";
    case EMFILE:
      return "too many files are open; close some, or raise the limit (ulimit -n)";
    default:
      return std::strerror(error);
  }
}

const char* about_no_file(mode_t mode) {
  if (S_ISDIR(mode)) return "this is a folder, and a file is needed";
  if (S_ISFIFO(mode))
    return "this is a pipe, and a data file is read here and there; write it into a file first";
  return "this is not a file that can be read";
}

}  // namespace

bool is_file(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string in_home(const std::string& path) {
  if (path.compare(0, 2, "~/") != 0) return path;
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    throw lathe::invalid_argument(lathe::join(
        {"'", path, "' is in your home folder, and HOME is not set; write the whole path"}));
  }
  return home + path.substr(1);
}

std::uint64_t file_size(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

namespace {

// At most `limit` bytes from `offset` on.
std::string read_bytes(const std::string& path, std::uint64_t offset, std::uint64_t limit) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int code = errno;
    throw lathe::error(code == ENOENT ? LATHE_NOT_FOUND : LATHE_PERMISSION_DENIED,
                       lathe::join({"the data file cannot be opened: ", system_text(code),
                                    code == ENOENT ? near_file(path) : ""}))
        .at_file(path);
  }
  struct closer {
    int descriptor;
    ~closer() { close(descriptor); }
  } const closing{descriptor};
  struct stat status = {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    throw lathe::invalid_argument(about_no_file(status.st_mode)).at_file(path);
  }
  const auto whole = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t size = offset < whole ? whole - offset : 0;
  std::string bytes(size < limit ? size : limit, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(descriptor, &bytes[done], bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw lathe::data_loss("the data file could not be read to its end").at_file(path);
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

std::string file_bytes(const std::string& path, std::uint64_t limit) {
  return read_bytes(path, 0, limit);
}

std::string file_part(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  std::string bytes = read_bytes(path, offset, size);
  if (bytes.size() == size) return bytes;
  throw lathe::data_loss("the data file could not be read to its end").at_file(path);
}

}  // namespace datasets
