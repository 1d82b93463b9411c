#include "core/checkpoint/input_file.hpp"

#include "core/base/words/near_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lathe {

namespace {

Error system_failure(const std::filesystem::path& path, const std::string& what, int code) {
  const lathe_code kind = code == ENOENT                    ? LATHE_NOT_FOUND
                          : code == EACCES || code == EPERM ? LATHE_PERMISSION_DENIED
                                                            : LATHE_UNAVAILABLE;
  return run_error(
      kind,
      what + ": " + std::generic_category().message(code) + (code == ENOENT ? near_path(path) : ""),
      {path.string()});
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw system_failure(path, "the file cannot be opened", errno);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw run_error(LATHE_INVALID_ARGUMENT,
                    S_ISDIR(status.st_mode)
                        ? "this is a folder, not a file; name the checkpoint in it"
                        : "this is not a file that can be read",
                    {path.string()});
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (!holds(offset, out.size()))
    throw damaged("the file ends at byte " + std::to_string(size_) + ", but " +
                  std::to_string(out.size()) + " bytes are expected at byte " +
                  std::to_string(offset) + "; it is truncated or damaged");
  while (!out.empty()) {
    const ssize_t got =
        ::pread(descriptor_, out.data(), std::min<std::size_t>(out.size(), std::size_t{1} << 30),
                static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_failure(path_, "reading failed", errno);
    if (got == 0) throw damaged("the file became shorter while it was being read");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

Error InputFile::damaged(const std::string& message) const {
  return run_error(LATHE_DATA_LOSS, message, {path_.string()});
}

}  // namespace lathe
