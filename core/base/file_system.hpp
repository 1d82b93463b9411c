// What writing a file asks of the operating system, in one place, so that a test can be a disk that
// is full, read-only or cut off at any call. Knows nothing about what is written.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lathe {

// The real one; a test overrides the calls that should fail. Each returns what its POSIX namesake
// does: -1 and errno on failure.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // A descriptor for writing `path`, which is made, or emptied if an earlier process left it. It is
  // this writer's alone until it is closed, however the process ends; EWOULDBLOCK: it is another's.
  virtual int open(const std::string& path);
  // May write fewer bytes than there are.
  virtual std::ptrdiff_t write(int file, std::span<const std::byte> bytes);
  // What a network file system refuses only when a file is closed, it refuses here.
  virtual int flush(int file);
  virtual int sync(int file);  // waits for the disk
  virtual int close(int file);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int sync_folder(const std::string& path);
  virtual int remove(const std::string& path);
  virtual int make_folder(const std::string& path);
};

// The one that every writer of this process uses.
FileSystem& file_system();

// Another one while the object lives. REQUIRES: nobody is writing as it comes and goes.
class FileSystemScope {
 public:
  explicit FileSystemScope(FileSystem& system);
  ~FileSystemScope();
  FileSystemScope(const FileSystemScope&) = delete;
  FileSystemScope& operator=(const FileSystemScope&) = delete;

 private:
  FileSystem* before_;
};

}  // namespace lathe
