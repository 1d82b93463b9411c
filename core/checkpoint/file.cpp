#include "core/checkpoint/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lathe {

namespace {

Error system_failure(const std::filesystem::path& path, const std::string& what, int code) {
  const lathe_code kind = code == ENOENT                     ? LATHE_NOT_FOUND
                          : code == EACCES || code == EPERM  ? LATHE_PERMISSION_DENIED
                          : code == ENOSPC || code == EDQUOT ? LATHE_RESOURCE_EXHAUSTED
                                                             : LATHE_UNAVAILABLE;
  return run_error(kind, what + ": " + std::generic_category().message(code), {path.string()});
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw system_failure(path, "the file cannot be opened", errno);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw run_error(LATHE_INVALID_ARGUMENT, "this is not a file that can be read", {path.string()});
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

namespace {

// Removes the temporary file unless it was renamed.
struct TemporaryFile {
  std::string path;
  int descriptor = -1;
  ~TemporaryFile() {
    if (descriptor >= 0) ::close(descriptor);
    if (!path.empty()) ::unlink(path.c_str());
  }
};

// The mode an ordinary new file would get; mkstemp makes files private.
mode_t new_file_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const Sink&)>& write) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  TemporaryFile temporary;
  std::string pattern = (folder / path.filename()).string() + ".XXXXXX";
  temporary.descriptor = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (temporary.descriptor < 0)
    throw system_failure(path, "no file can be made in its folder", errno);
  temporary.path = pattern;

  write([&](std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(temporary.descriptor, bytes.data(),
                                  std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw system_failure(path, "writing failed", errno);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  });

  static const mode_t mode = new_file_mode();
  if (::fchmod(temporary.descriptor, mode) != 0 || ::fsync(temporary.descriptor) != 0)
    throw system_failure(path, "writing failed", errno);
  const int closed = ::close(temporary.descriptor);
  temporary.descriptor = -1;
  if (closed != 0) throw system_failure(path, "writing failed", errno);
  if (::rename(temporary.path.c_str(), path.c_str()) != 0)
    throw system_failure(path, "the finished file cannot be put in its place", errno);
  temporary.path.clear();

  // The rename itself survives a power cut only once the folder is on the disk. Some file systems
  // cannot flush folders; the file is whole either way.
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    ::fsync(folder_descriptor);
    ::close(folder_descriptor);
  }
}

}  // namespace lathe
