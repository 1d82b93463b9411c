#include "core/base/file_system.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace lathe {

namespace {

std::atomic<FileSystem*> in_force{nullptr};

int close_with(int file, int error) {
  ::close(file);
  errno = error;
  return -1;
}

// Another writer may have put the file in its place, or removed it, before it was locked here.
bool still_names(const std::string& path, const struct stat& file) {
  struct stat there{};
  return ::lstat(path.c_str(), &there) == 0 && there.st_dev == file.st_dev &&
         there.st_ino == file.st_ino;
}

// Some network file systems have no locks; two writers of one file are then on their own.
bool is_locked_by_another(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

int FileSystem::open(const std::string& path) {
  for (;;) {
    // Never through a link or into a pipe that somebody put there.
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                            0666);  // what the umask leaves of it
    if (file < 0) {
      // Somebody else's, in a folder that both may write to.
      if (errno == EACCES && ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        errno = EWOULDBLOCK;
      return -1;
    }
    struct stat status{};
    if (::fstat(file, &status) != 0) return close_with(file, errno);
    if (!S_ISREG(status.st_mode)) return close_with(file, EEXIST);
    if (is_locked_by_another(file)) return close_with(file, EWOULDBLOCK);
    if (!still_names(path, status)) {
      ::close(file);
      continue;
    }
    if (status.st_size > 0 && ::ftruncate(file, 0) != 0) return close_with(file, errno);
    return file;
  }
}

std::ptrdiff_t FileSystem::write(int file, std::span<const std::byte> bytes) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // Linux writes no more than 2 GiB at once
  return ::write(file, bytes.data(), std::min(bytes.size(), kMost));
}

int FileSystem::flush(int file) {
  const int copy = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? -1 : ::close(copy);
}

int FileSystem::sync(int file) { return ::fsync(file); }

int FileSystem::close(int file) { return ::close(file); }

int FileSystem::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}

int FileSystem::sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -1;
  const int synced = ::fsync(folder);
  const int error = errno;
  ::close(folder);
  errno = error;
  return synced;
}

int FileSystem::remove(const std::string& path) { return ::unlink(path.c_str()); }

int FileSystem::make_folder(const std::string& path) { return ::mkdir(path.c_str(), 0777); }

FileSystem& file_system() {
  static FileSystem real;
  FileSystem* const other = in_force.load(std::memory_order_acquire);
  return other != nullptr ? *other : real;
}

FileSystemScope::FileSystemScope(FileSystem& system) : before_(in_force.exchange(&system)) {}

FileSystemScope::~FileSystemScope() { in_force.store(before_); }

}  // namespace lathe
