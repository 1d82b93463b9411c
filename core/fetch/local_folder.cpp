#include "core/fetch/local_folder.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 1'000'000;

std::ptrdiff_t depth(const fs::path& path) { return std::distance(path.begin(), path.end()); }

}  // namespace

LocalFolder::LocalFolder(const fs::path& path) : path_(path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  one_file_ = fs::is_regular_file(status);
  if (one_file_) return;
  if (!fs::is_directory(status)) {
    throw usage_error(
        fmt::format("--from: there is no folder or file '{}'; an address begins with http:// or "
                    "https://",
                    path.string()));
  }
  list();
}

void LocalFolder::list() {
  std::error_code error;
  fs::recursive_directory_iterator entry(path_, fs::directory_options::skip_permission_denied,
                                         error);
  for (std::size_t seen = 0; !error && entry != fs::recursive_directory_iterator(); ++seen) {
    if (seen == kMostEntries) {
      throw usage_error(
          fmt::format("--from: '{}' holds more than {} files; name the folder of the "
                      "set itself",
                      path_.string(), kMostEntries));
    }
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) {
      files_[entry->path().filename().string()].push_back(entry->path());
    }
    entry.increment(error);
  }
  if (error) {
    throw run_error(LATHE_PERMISSION_DENIED, fmt::format("the folder '{}' cannot be read: {}",
                                                         path_.string(), error.message()));
  }
  for (auto& [name, paths] : files_) {
    std::ranges::sort(paths, [](const fs::path& a, const fs::path& b) {
      return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
    });
  }
}

fs::path LocalFolder::find(const fs::path& name) const {
  if (one_file_) return path_;
  const auto found = files_.find(name.filename().string());
  if (found == files_.end()) return {};
  // The one in folders of the same names, if there is one.
  const std::string end = "/" + name.string();
  const auto same = std::ranges::find_if(
      found->second, [&](const fs::path& path) { return path.string().ends_with(end); });
  return same == found->second.end() ? found->second.front() : *same;
}

void copy_file(const fs::path& from, const fs::path& to, const std::atomic<bool>& cancelled) {
  std::ifstream in(from, std::ios::binary);
  if (!in) {
    throw run_error(LATHE_PERMISSION_DENIED,
                    fmt::format("the file '{}' cannot be opened", from.string()));
  }
  const auto copy = [&](const ByteSink& sink) {
    std::array<char, 1 << 16> buffer;
    while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
      if (cancelled.load(std::memory_order_relaxed)) {
        throw run_error(LATHE_CANCELLED,
                        fmt::format("cancelled while '{}' was copied", from.string()));
      }
      sink(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(in.gcount()))));
    }
    if (in.bad()) {
      throw run_error(LATHE_DATA_LOSS,
                      fmt::format("the file '{}' could not be read to its end", from.string()));
    }
  };
  write_atomically(to, copy, Sync::no_wait);
}

}  // namespace lathe
