#include "core/base/file.hpp"

#include "core/base/file_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace lathe {

namespace {

struct Cause {
  int error;
  lathe_code code;
  std::string_view text;
};
constexpr Cause kCauses[] = {
    {ENOSPC, LATHE_RESOURCE_EXHAUSTED,
     "the disk is full; make room, or choose a folder on another disk"},
    {EDQUOT, LATHE_RESOURCE_EXHAUSTED,
     "your quota of this disk is used up; make room, or choose a folder on another disk"},
    {EFBIG, LATHE_RESOURCE_EXHAUSTED,
     "no file may be so large here; raise the limit (ulimit -f), or choose a folder on another "
     "disk"},
    {EMFILE, LATHE_RESOURCE_EXHAUSTED,
     "too many files are open; close some, or raise the limit (ulimit -n)"},
    {ENFILE, LATHE_RESOURCE_EXHAUSTED,
     "too many files are open on this machine; end other programs"},
    {EROFS, LATHE_PERMISSION_DENIED,
     "the disk is mounted read-only; choose a folder on another disk"},
    {EACCES, LATHE_PERMISSION_DENIED,
     "its folder does not let you write; choose another, or change its permissions"},
    {EPERM, LATHE_PERMISSION_DENIED,
     "the system does not let you write there; choose another folder"},
    {ENOENT, LATHE_NOT_FOUND, "its folder does not exist; make it, or choose another"},
    {ENOTDIR, LATHE_FAILED_PRECONDITION,
     "a part of the path is a file and no folder; choose another path"},
    {EISDIR, LATHE_FAILED_PRECONDITION, "it is a folder; give the name of a file"},
    {EEXIST, LATHE_ALREADY_EXISTS, "something else has that name; choose another"},
    {ELOOP, LATHE_FAILED_PRECONDITION,
     "the links in its path lead in a circle; choose another path"},
    {ENAMETOOLONG, LATHE_INVALID_ARGUMENT, "the name is too long; choose a shorter one"},
    {EIO, LATHE_DATA_LOSS, "the disk reports an error; choose a folder on another disk"},
};

Error failure(std::string_view what, const std::filesystem::path& path, int error) {
  const auto cause = std::ranges::find(kCauses, error, &Cause::error);
  const bool known = cause != std::end(kCauses);
  return run_error(
      known ? cause->code : LATHE_UNAVAILABLE,
      fmt::format("cannot {} '{}': {}", what, path.string(),
                  known ? std::string(cause->text) : std::generic_category().message(error)));
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
  if (!std::filesystem::is_directory(path, ignored)) throw failure("make the folder", path, error);
}

Error write_failure(const std::filesystem::path& path, int error) {
  return failure("write", path, error);
}

}  // namespace lathe
