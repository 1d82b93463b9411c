// A set, file by file: download, check, unpack in a folder aside, then move into place.
#include "core/fetch/fetch_set.hpp"

#include "core/base/file.hpp"
#include "core/fetch/download.hpp"
#include "core/fetch/unpack.hpp"
#include "core/tensor/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

namespace lathe {

namespace {

namespace fs = std::filesystem;

// The folder aside: parts of downloads, and what waits to be moved. One process at a time.
class Staging {
 public:
  Staging(const fs::path& data_dir, const std::string& set)
      : folder_(data_dir / (".fetch-" + set)) {
    make_folders(folder_);
    lock_ = open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0) throw write_failure(folder_ / "lock", errno);
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      close(lock_);
      throw run_error(LATHE_UNAVAILABLE, fmt::format("another process is fetching '{}' into '{}'",
                                                     set, data_dir.string()));
    }
    fs::remove_all(ready());
    make_folders(ready());
  }
  ~Staging() { close(lock_); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  fs::path part(const KnownFile& file) const { return folder_ / (file.name + ".part"); }
  fs::path ready() const { return folder_ / "ready"; }
  void remove() const { fs::remove_all(folder_); }

 private:
  fs::path folder_;
  int lock_;
};

std::string address(const KnownSet& set, const KnownFile& file, const std::string& from) {
  if (from.empty()) return file.url;
  if (from.ends_with('/')) return from + file.name;
  if (set.files.size() == 1) return from;
  throw usage_error(
      fmt::format("'{}' has {} files; --from names the folder they are in, ending in "
                  "'/': {}/",
                  set.name, set.files.size(), from));
}

void check_space(const KnownSet& set, const fs::path& folder) {
  std::uint64_t needed = 0;
  for (const KnownFile& file : set.files) needed += file.size + file.unpacked_limit;
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error || space.available >= needed) return;
  throw run_error(LATHE_RESOURCE_EXHAUSTED,
                  fmt::format("'{}' needs {} MB in '{}', which has {}", set.name,
                              needed / 1'000'000, folder.string(), space.available / 1'000'000));
}

void check_file(const KnownFile& file, const std::string& url, const fs::path& part,
                const FetchRequest& request) {
  std::string begin(file.begins.size(), '\0');
  std::ifstream(part, std::ios::binary).read(begin.data(), std::ssize(begin));
  if (begin != file.begins) {
    fs::remove(part);
    throw run_error(LATHE_DATA_LOSS,
                    fmt::format("'{}' is another file than expected: it does not begin as {} does; "
                                "it was removed",
                                url, file.name));
  }
  const std::string found = sha256_of_file(part);
  if (file.sha256.empty()) {
    if (request.warning) {
      request.warning(
          fmt::format("no hash of '{}' is known, so it was not checked; it has sha256 "
                      "{}",
                      file.name, found));
    }
    return;
  }
  if (found == file.sha256) return;
  fs::remove(part);
  throw run_error(LATHE_DATA_LOSS,
                  fmt::format("'{}' is another file than expected: its sha256 is {}, that of {} is "
                              "{}; it was removed",
                              url, found, file.name, file.sha256));
}

// Each file arrives whole or not at all; files that are there already are replaced.
void move_into(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(to)) {
    fs::rename(from, to, error);
    if (!error) return;
  }
  make_folders(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.is_directory()) {
      move_into(entry.path(), target);
    } else {
      fs::rename(entry.path(), target);
    }
  }
}

// Whole and checked, it stays aside until all files of the set are.
void download_file(const KnownSet& set, const KnownFile& file, const Staging& staging,
                   const FetchRequest& request, const std::atomic<bool>& cancelled) {
  const std::string url = address(set, file, request.from);
  const fs::path part = staging.part(file);
  download({file.name, url, part, file.size, !file.sha256.empty()}, request, cancelled);
  check_file(file, url, part, request);
}

// Unpacked or not, the archive is not worth keeping; only a cancelled one is.
void unpack_file(const KnownFile& file, const Staging& staging,
                 const std::atomic<bool>& cancelled) {
  try {
    unpack(staging.part(file), staging.ready(), file.unpacked_limit, cancelled);
    fs::remove(staging.part(file));
  } catch (const Error& error) {
    if (error.code() == LATHE_DATA_LOSS) fs::remove(staging.part(file));
    throw;
  }
}

void check_contents(const KnownSet& set, const fs::path& folder) {
  for (const KnownContent& content : set.contents) {
    std::error_code error;
    const auto size = fs::file_size(folder / content.path, error);
    if (!error && (content.size == 0 || size == content.size)) continue;
    throw run_error(
        LATHE_DATA_LOSS,
        error ? fmt::format("what was downloaded for '{}' has no '{}'", set.name, content.path)
              : fmt::format("what was downloaded for '{}' has a '{}' of {} bytes "
                            "instead of {}",
                            set.name, content.path, size, content.size));
  }
}

void fetch_set(const KnownSet& set, const FetchRequest& request,
               const std::atomic<bool>& cancelled) {
  for (const KnownFile& file : set.files) address(set, file, request.from);
  make_folders(request.data_dir);
  check_space(set, request.data_dir);
  const Staging staging(request.data_dir, set.name);
  for (const KnownFile& file : set.files) {
    download_file(set, file, staging, request, cancelled);
  }
  for (const KnownFile& file : set.files) {
    if (file.archive) {
      unpack_file(file, staging, cancelled);
    } else {
      fs::rename(staging.part(file), staging.ready() / file.name);
    }
  }
  check_contents(set, staging.ready());
  move_into(staging.ready(), request.data_dir / set.name);
  staging.remove();
}

}  // namespace

}  // namespace lathe

extern "C" void lathe_fetch_set(const lathe::KnownSet* set, const lathe::FetchRequest* request,
                                const std::atomic<bool>* cancelled) {
  try {
    lathe::fetch_set(*set, *request, *cancelled);
  } catch (const std::filesystem::filesystem_error& error) {
    throw lathe::write_failure(error.path2().empty() ? error.path1() : error.path2(),
                               error.code().value());
  }
}
