#include "core/base/file.hpp"

#include "core/base/file_system.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace lathe {

namespace {

// What each error means to who writes, and to who reads; where nothing is said, it is no error of
// that.
struct Cause {
  int error;
  lathe_code code;
  std::string_view writing;
  std::string_view reading;
};
constexpr std::string_view kTooManyFiles =
    "too many files are open; close some, or raise the limit (ulimit -n)";
constexpr std::string_view kTooManyOfAll =
    "too many files are open on this machine; end other "
    "programs";
constexpr Cause kCauses[] = {
    {ENOSPC, LATHE_RESOURCE_EXHAUSTED,
     "the disk is full; make room, or choose a folder on another disk", "the disk is full"},
    {EDQUOT, LATHE_RESOURCE_EXHAUSTED,
     "your quota of this disk is used up; make room, or choose a folder on another disk",
     "your quota of this disk is used up"},
    {EFBIG, LATHE_RESOURCE_EXHAUSTED,
     "no file may be so large here; raise the limit (ulimit -f), or choose a folder on another "
     "disk",
     "the file is too large"},
    {EMFILE, LATHE_RESOURCE_EXHAUSTED, kTooManyFiles, kTooManyFiles},
    {ENFILE, LATHE_RESOURCE_EXHAUSTED, kTooManyOfAll, kTooManyOfAll},
    {ENOMEM, LATHE_RESOURCE_EXHAUSTED, "there is no memory left", "there is no memory left"},
    {EROFS, LATHE_PERMISSION_DENIED,
     "the disk is mounted read-only; choose a folder on another disk",
     "the disk is mounted read-only"},
    {EACCES, LATHE_PERMISSION_DENIED,
     "its folder does not let you write; choose another, or change its permissions",
     "you are not allowed to read it, or to enter a folder on its path"},
    {EPERM, LATHE_PERMISSION_DENIED,
     "the system does not let you write there; choose another folder",
     "the system does not let you"},
    {ENOENT, LATHE_NOT_FOUND, "its folder does not exist; make it, or choose another",
     "there is no such file"},
    {ENOTDIR, LATHE_FAILED_PRECONDITION,
     "a part of the path is a file and no folder; choose another path",
     "a part of the path is a file and no folder"},
    {EISDIR, LATHE_FAILED_PRECONDITION, "it is a folder; give the name of a file",
     "it is a folder; give the name of a file"},
    {EEXIST, LATHE_ALREADY_EXISTS, "something else has that name; choose another",
     "something else has that name"},
    {ENOTEMPTY, LATHE_FAILED_PRECONDITION, "the folder is not empty", "the folder is not empty"},
    {EBUSY, LATHE_UNAVAILABLE, "another program holds it; end that, or choose another name",
     "another program holds it"},
    {ETXTBSY, LATHE_UNAVAILABLE, "it is a program that runs; end it, or choose another name",
     "it is being written by another program"},
    {ELOOP, LATHE_FAILED_PRECONDITION,
     "the links in its path lead in a circle; choose another path",
     "the links in its path lead in a circle"},
    {ENAMETOOLONG, LATHE_INVALID_ARGUMENT, "the name is too long; choose a shorter one",
     "the name is too long"},
    {ESPIPE, LATHE_FAILED_PRECONDITION, "it is a pipe; give the name of a file",
     "it is a pipe, which can be read only once and in order; give the name of a file"},
    {ENXIO, LATHE_UNAVAILABLE, "nobody reads that pipe, or there is no such device",
     "there is no such device"},
    {ESTALE, LATHE_UNAVAILABLE, "its network file system has lost it; mount that anew",
     "its network file system has lost it; mount that anew"},
    {EIO, LATHE_DATA_LOSS, "the disk reports an error; choose a folder on another disk",
     "the disk reports an error"},
    {EPIPE, LATHE_UNAVAILABLE, "whoever read it has closed it", "whoever wrote it has closed it"},
    {EAGAIN, LATHE_RESOURCE_EXHAUSTED,
     "the system has no more of it to give for now: threads, processes or memory (ulimit -u, a "
     "limit of the container)",
     "the system has no more of it to give for now: threads, processes or memory (ulimit -u, a "
     "limit of the container)"},
};

const Cause* cause_of(int error) {
  const auto cause = std::ranges::find(kCauses, error, &Cause::error);
  return cause == std::end(kCauses) ? nullptr : &*cause;
}

// A relative path leads nowhere then.
bool is_in_a_folder_that_is_gone(const std::filesystem::path& path) {
  std::error_code error;
  return path.is_relative() && std::filesystem::current_path(error).empty();
}

constexpr std::string_view kWorkingFolderGone =
    "the working folder was removed; go to one that exists";

Error failure(std::string_view what, const std::filesystem::path& path, int error,
              std::string_view Cause::* meaning) {
  const Cause* cause = cause_of(error);
  std::string why =
      cause == nullptr ? std::generic_category().message(error) : std::string(cause->*meaning);
  if (error == ENOENT && is_in_a_folder_that_is_gone(path)) why = kWorkingFolderGone;
  return run_error(cause == nullptr ? LATHE_UNAVAILABLE : cause->code,
                   fmt::format("cannot {} '{}': {}", what, path.string(), why));
}

Error folder_failure(const std::filesystem::path& path, int error) {
  return failure("make the folder", path, error, &Cause::writing);
}

// What a rename would refuse only after everything is written, or should have: it replaces devices.
void check_replaceable(const std::filesystem::path& path) {
  std::error_code ignored;
  switch (std::filesystem::status(path, ignored).type()) {
    case std::filesystem::file_type::directory:
      throw write_failure(path, EISDIR);
    case std::filesystem::file_type::block:
    case std::filesystem::file_type::character:
    case std::filesystem::file_type::fifo:
    case std::filesystem::file_type::socket:
      throw write_failure(path, EEXIST);
    default:
      return;
  }
}

// A file beside `path` that takes its place or goes away. It is locked until then: two writers of
// one path have two drafts.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& path) : path_(path), system_(file_system()) {
    check_replaceable(path);
    for (int other = 0; file_ < 0; ++other) {
      name_ =
          other == 0 ? path.string() + ".part" : fmt::format("{}.{}.part", path.string(), other);
      file_ = system_.open(name_);
      if (file_ < 0 && errno != EWOULDBLOCK) throw write_failure(path_, errno);
    }
  }
  ~Draft() {
    if (!is_placed_) system_.remove(name_);
    system_.close(file_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const std::ptrdiff_t put = system_.write(file_, bytes);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) throw write_failure(path_, put == 0 ? ENOSPC : errno);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }

  void take_its_place(Sync sync) {
    check(sync == Sync::wait ? system_.sync(file_) : system_.flush(file_));
    check(system_.rename(name_, path_.string()));
    is_placed_ = true;
    if (sync == Sync::no_wait) return;
    // The rename itself survives a power cut only once the folder is on the disk. Some file systems
    // cannot flush folders; the file is whole either way.
    system_.sync_folder(path_.has_parent_path() ? path_.parent_path().string() : ".");
  }

 private:
  void check(int result) const {
    if (result != 0) throw write_failure(path_, errno);
  }

  const std::filesystem::path& path_;
  FileSystem& system_;
  std::string name_;
  int file_ = -1;
  bool is_placed_ = false;
};

}  // namespace

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const ByteSink&)>& write, Sync sync) {
  Draft draft(path);
  write([&](std::span<const std::byte> bytes) { draft.append(bytes); });
  draft.take_its_place(sync);
}

void write_atomically(const std::filesystem::path& path, std::string_view contents, Sync sync) {
  write_atomically(
      path, [&](const ByteSink& sink) { sink(std::as_bytes(std::span(contents))); }, sync);
}

void make_folders(const std::filesystem::path& path) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_directory(path, ignored)) return;
  if (path.has_parent_path() && path.parent_path() != path) make_folders(path.parent_path());
  // Of two processes that make it at once, one comes second.
  if (file_system().make_folder(path.string()) == 0) return;
  const int error = errno;
  if (!std::filesystem::is_directory(path, ignored)) throw folder_failure(path, error);
}

void check_can_make_folders(const std::filesystem::path& path) {
  // The first folder that is to be made is the one that fails.
  std::filesystem::path there = path.empty() ? "." : path, first = there;
  while (::access(there.c_str(), F_OK) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw folder_failure(there, errno);
    first = there;
    if (there.has_parent_path() && there.parent_path() != there)
      there = there.parent_path();
    else if (there != ".")
      there = ".";
    else
      throw folder_failure(path, ENOENT);
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(there, ignored)) throw folder_failure(there, EEXIST);
  if (::access(there.c_str(), W_OK | X_OK) != 0) throw folder_failure(first, errno);
  // A folder that was removed while one stands in it still answers.
  if (is_in_a_folder_that_is_gone(path)) throw folder_failure(first, ENOENT);
}

Error write_failure(const std::filesystem::path& path, int error) {
  return failure("write", path, error, &Cause::writing);
}

Error read_failure(const std::filesystem::path& path, int error) {
  return failure("read", path, error, &Cause::reading);
}

std::string system_text(int error) {
  const Cause* cause = cause_of(error);
  return cause == nullptr ? std::generic_category().message(error) : std::string(cause->reading);
}

Error system_failure(const std::system_error& error) {
  const bool by_errno = error.code().category() == std::generic_category() ||
                        error.code().category() == std::system_category();
  if (!by_errno) return run_error(LATHE_UNAVAILABLE, error.what());
  const int number = error.code().value();
  const auto* const of_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error);
  if (of_file != nullptr && !of_file->path1().empty())
    return failure("use", of_file->path1(), number, &Cause::reading);
  if (of_file != nullptr) return run_error(LATHE_NOT_FOUND, std::string(kWorkingFolderGone));
  const Cause* cause = cause_of(number);
  return run_error(cause == nullptr ? LATHE_UNAVAILABLE : cause->code, system_text(number));
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(path, error);
  if (error)
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("'{}' is beside nothing: {}", path.string(), kWorkingFolderGone));
  return whole;
}

std::string in_home(std::string_view path) {
  if (path != "~" && !path.starts_with("~/")) return std::string(path);
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw usage_error(fmt::format(
        "'{}' is in your home folder, and HOME is not set; write the whole path", path));
  return home + std::string(path.substr(1));
}

}  // namespace lathe
