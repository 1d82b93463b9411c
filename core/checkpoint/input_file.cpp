#include "core/checkpoint/input_file.hpp"

#include "core/base/file.hpp"
#include "core/base/words/near_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lathe {

namespace {

Error failure(const std::filesystem::path& path, const std::string& what, int code) {
  return run_error(read_failure(path, code).code(),
                   what + ": " + system_text(code) + (code == ENOENT ? near_path(path) : ""),
                   {path.string()});
}

std::string about_no_file(mode_t mode) {
  if (S_ISDIR(mode)) return "this is a folder, not a file; name the checkpoint in it";
  if (S_ISFIFO(mode))
    return "this is a pipe, and a checkpoint is read here and there; write it into a file first";
  return "this is not a file that can be read";
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw failure(path, "the file cannot be opened", errno);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw run_error(LATHE_INVALID_ARGUMENT, about_no_file(status.st_mode), {path.string()});
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
    if (got < 0) throw failure(path_, "reading failed", errno);
    if (got == 0) throw damaged("the file became shorter while it was being read");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

Error InputFile::damaged(const std::string& message) const {
  return run_error(LATHE_DATA_LOSS, message, {path_.string()});
}

}  // namespace lathe
