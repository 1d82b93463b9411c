// libarchive reads; files are written here, so that nothing but their names and bytes is taken
// over: no owners, modes, links or times.
#include "core/fetch/unpack.hpp"

#include "core/base/file.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr int kMostEntries = 100'000;

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

class Unpacking {
 public:
  Unpacking(const fs::path& path, const fs::path& folder, std::uint64_t limit,
            const std::atomic<bool>& cancelled)
      : path_(path), folder_(folder), left_(limit), cancelled_(cancelled) {}

  void run() {
    archive_read_support_filter_all(reader_.get());
    archive_read_support_format_tar(reader_.get());
    if (archive_read_open_filename(reader_.get(), path_.c_str(), 1 << 16) != ARCHIVE_OK) {
      throw damaged();
    }
    for (int entries = 0;; ++entries) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(reader_.get(), &entry);
      if (code == ARCHIVE_EOF) {
        if (entries == 0) throw refused("is empty");
        return;
      }
      if (code != ARCHIVE_OK) throw damaged();
      if (entries == kMostEntries) throw refused("has too many entries");
      take(entry);
    }
  }

 private:
  Error refused(const std::string& why) const {
    return run_error(LATHE_DATA_LOSS, fmt::format("the archive '{}' {}", path_.string(), why));
  }
  Error damaged() const {
    const char* why = archive_error_string(reader_.get());
    return refused(fmt::format("is damaged: {}", why == nullptr ? "it cannot be read" : why));
  }

  void take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) throw refused("has an entry without a name");
    const fs::path inside = fs::path(name).lexically_normal();
    const bool leaves = std::any_of(inside.begin(), inside.end(),
                                    [](const fs::path& part) { return part == ".."; });
    if (leaves || inside.is_absolute() || inside.empty()) {
      throw refused(
          fmt::format("has an entry '{}' outside its folder; it is not to be trusted", name));
    }
    if (archive_entry_hardlink(entry) != nullptr ||
        (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR)) {
      throw refused(fmt::format("has an entry '{}' that is neither a file nor a folder", name));
    }
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      make_folders(folder_ / inside);
      return;
    }
    make_folders((folder_ / inside).parent_path());
    write_atomically(folder_ / inside, [&](const ByteSink& sink) { write(sink); }, Sync::no_wait);
  }

  // The folder is fresh and has no links, so a path inside stays inside.
  void write(const ByteSink& sink) {
    std::array<char, 1 << 16> buffer;
    for (;;) {
      if (cancelled_.load(std::memory_order_relaxed)) {
        throw run_error(LATHE_CANCELLED, "cancelled while unpacking");
      }
      const la_ssize_t got = archive_read_data(reader_.get(), buffer.data(), buffer.size());
      if (got < 0) throw damaged();
      if (got == 0) return;
      if (static_cast<std::uint64_t>(got) > left_) {
        throw refused("unpacks to more than the set has; it is another archive");
      }
      left_ -= static_cast<std::uint64_t>(got);
      sink(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(got))));
    }
  }

  const fs::path& path_;
  const fs::path& folder_;
  std::uint64_t left_;  // bytes that may still come
  const std::atomic<bool>& cancelled_;
  std::unique_ptr<archive, Free> reader_{archive_read_new()};
};

}  // namespace

void unpack(const fs::path& archive, const fs::path& folder, std::uint64_t limit,
            const std::atomic<bool>& cancelled) {
  Unpacking(archive, folder, limit, cancelled).run();
}

}  // namespace lathe
