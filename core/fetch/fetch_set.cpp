// A set, file by file: download or copy, check, unpack in a folder aside, then move into place.
#include "core/fetch/fetch_set.hpp"

#include "core/base/file.hpp"
#include "core/fetch/download.hpp"
#include "core/fetch/local_folder.hpp"
#include "core/fetch/unpack.hpp"
#include "core/tensor/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

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

bool is_address(std::string_view text) { return text.find("://") != std::string_view::npos; }

std::string address(const KnownSet& set, const KnownFile& file, const std::string& from) {
  if (from.empty()) return file.url;
  if (from.ends_with('/')) return from + file.name;
  if (set.files.size() == 1) return from;
  throw usage_error(fmt::format(
      "'{}' has {} files; --from names the address of the folder they are in, ending in "
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

// `source`: where the part came from.
void check_file(const KnownFile& file, const std::string& source, const fs::path& part,
                const FetchRequest& request) {
  // What came from the network is gone then; a file of the user's stays where it is.
  const char* removed = is_address(source) ? "; it was removed" : "";
  std::string begin(file.begins.size(), '\0');
  std::ifstream(part, std::ios::binary).read(begin.data(), std::ssize(begin));
  if (begin != file.begins) {
    fs::remove(part);
    throw run_error(
        LATHE_DATA_LOSS,
        fmt::format("'{}' is another file than expected: it does not begin as {} does{}", source,
                    file.name, removed));
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
                              "{}{}",
                              source, found, file.name, file.sha256, removed));
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
        error ? fmt::format("what was brought for '{}' has no '{}'", set.name, content.path)
              : fmt::format("what was brought for '{}' has a '{}' of {} bytes "
                            "instead of {}",
                            set.name, content.path, size, content.size));
  }
}

// What is missing of the files of a set in the user's folder; an archive may be unpacked already.
std::string missing_in(const LocalFolder& folder, const KnownSet& set) {
  std::string missing;
  for (const KnownFile& file : set.files) {
    if (!folder.find(file.name).empty()) continue;
    const bool unpacked =
        file.archive && std::ranges::all_of(set.contents, [&](const auto& content) {
          return !folder.find(content.path).empty();
        });
    if (!unpacked) missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", file.name);
  }
  return missing;
}

void take_file(const KnownFile& file, const fs::path& from, const Staging& staging,
               const FetchRequest& request, const std::atomic<bool>& cancelled) {
  const std::uint64_t size = fs::file_size(from);
  if (file.size != 0 && size != file.size) {
    throw run_error(LATHE_DATA_LOSS, fmt::format("'{}' has {} bytes; {} has {}: it is another file",
                                                 from.string(), size, file.name, file.size));
  }
  copy_file(from, staging.part(file), cancelled);
  check_file(file, from.string(), staging.part(file), request);
}

// What an archive unpacks to, where the user has that and not the archive: there are no hashes.
void take_contents(const LocalFolder& folder, const KnownSet& set, const Staging& staging,
                   const FetchRequest& request, const std::atomic<bool>& cancelled) {
  for (const KnownContent& content : set.contents) {
    const fs::path target = staging.ready() / content.path;
    make_folders(target.parent_path());
    copy_file(folder.find(content.path), target, cancelled);
  }
  if (request.warning) {
    request.warning(
        fmt::format("the files of '{}' were unpacked already; their sizes are checked, and no "
                    "hashes of them are known",
                    set.name));
  }
}

// Throws unless the folder has what the set consists of.
LocalFolder folder_of_files(const KnownSet& set, const FetchRequest& request) {
  LocalFolder folder(request.from);
  if (folder.is_one_file() && set.files.size() > 1) {
    throw usage_error(fmt::format("'{}' has {} files; --from names the folder they are in",
                                  set.name, set.files.size()));
  }
  const std::string missing = missing_in(folder, set);
  if (!missing.empty()) {
    throw run_error(LATHE_NOT_FOUND, fmt::format("in '{}' and below it is no {}, of which '{}' "
                                                 "consists",
                                                 request.from, missing, set.name));
  }
  return folder;
}

// Brings each file to its part; what is unpacked already goes to where it waits to be moved.
void take_from_folder(const LocalFolder& folder, const KnownSet& set, const Staging& staging,
                      const FetchRequest& request, const std::atomic<bool>& cancelled) {
  for (const KnownFile& file : set.files) {
    const fs::path from = folder.find(file.name);
    if (from.empty()) {
      fs::remove(staging.part(file));
      take_contents(folder, set, staging, request, cancelled);
    } else {
      take_file(file, from, staging, request, cancelled);
    }
  }
}

void fetch_set(const KnownSet& set, const FetchRequest& request,
               const std::atomic<bool>& cancelled) {
  std::optional<LocalFolder> folder;
  if (!request.from.empty() && !is_address(request.from)) {
    folder = folder_of_files(set, request);
  } else {
    for (const KnownFile& file : set.files) address(set, file, request.from);
  }
  make_folders(request.data_dir);
  check_space(set, request.data_dir);
  const Staging staging(request.data_dir, set.name);
  if (folder) {
    take_from_folder(*folder, set, staging, request, cancelled);
  } else {
    for (const KnownFile& file : set.files) {
      download_file(set, file, staging, request, cancelled);
    }
  }
  for (const KnownFile& file : set.files) {
    if (!fs::exists(staging.part(file))) continue;  // it was unpacked already
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
