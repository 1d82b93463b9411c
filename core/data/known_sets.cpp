// What plugins say of their sets is data from outside: counts, texts and names are checked before a
// file is named after them.
#include "core/data/known_sets.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/words/suggest.hpp"
#include "core/mase/names.hpp"
#include "core/plugin/descriptor.hpp"
#include "core/plugin/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace lathe {

namespace {

// Above these a size is damage, not ambition.
constexpr std::uint64_t kMostRows = 4096;
constexpr std::uint64_t kMostBytes = 4096;

class SourceReader {
 public:
  explicit SourceReader(const Component& set) : set_(set) {}

  KnownSet read() const {
    const auto* given = set_.as<lathe_dataset>().source;
    if (given == nullptr) refuse("it is stamped as having one, and has none");
    if (given->struct_size < LATHE_SIZE_UP_TO(lathe_dataset_source, content_row_size)) {
      refuse(fmt::format("its struct_size is {}, which cannot be", given->struct_size));
    }
    const auto source = prefix_of<lathe_dataset_source>(given);
    KnownSet set{set_.id, text(source.title, "title"), text(source.licence, "licence"), {}, {}};
    const auto files =
        rows<lathe_source_file>(source.files, source.file_count, source.file_row_size, "files");
    for (const lathe_source_file& row : files) set.files.push_back(file(row, source.address));
    if (source.contents == nullptr) {
      set.contents = as_kept(set.files);
    } else {
      const auto contents = rows<lathe_source_content>(source.contents, source.content_count,
                                                       source.content_row_size, "contents");
      for (const lathe_source_content& row : contents) {
        set.contents.push_back({path(row.path, "contents"), row.size});
      }
    }
    return set;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw usage_error(fmt::format("the source of the dataset '{}' of plugin '{}' is refused: {}",
                                  set_.id, set_.file.string(), why));
  }

  std::string text(const char* given, std::string_view what) const {
    const std::optional<std::string> out = bounded_text(given);
    if (!out || out->empty()) refuse(fmt::format("its {} is missing, empty or endless", what));
    return *out;
  }

  // Below the folder that it is relative to.
  std::string path(const char* given, std::string_view what) const {
    const std::filesystem::path out = text(given, what);
    const bool stays = std::ranges::none_of(
        out, [](const std::filesystem::path& part) { return part.empty() || part == ".."; });
    if (out.is_absolute() || !stays) {
      refuse(fmt::format("'{}' among its {} is not below the set's folder", out.string(), what));
    }
    return out.string();
  }

  // The plugin's rows as this host knows them: what the plugin did not know is 0.
  template <typename Row>
  std::vector<Row> rows(const Row* given, std::uint64_t count, std::uint64_t row_size,
                        std::string_view what) const {
    if (given == nullptr || count == 0) refuse(fmt::format("it names no {}", what));
    if (count > kMostRows || row_size == 0 || row_size > kMostBytes) {
      refuse(fmt::format("it claims {} {} of {} bytes, which cannot be", count, what, row_size));
    }
    std::vector<Row> out(count);
    const char* row = reinterpret_cast<const char*>(given);
    for (std::uint64_t i = 0; i < count; ++i, row += row_size) {
      std::memcpy(&out[i], row, std::min<std::size_t>(row_size, sizeof(Row)));
    }
    return out;
  }

  KnownFile file(const lathe_source_file& given, const char* address) const {
    KnownFile out{path(given.name, "files"), "", given.size};
    if (out.name.find('/') != std::string::npos) {
      refuse(fmt::format("'{}' among its files is a path; a file is kept in the set's folder",
                         out.name));
    }
    out.url = given.url != nullptr ? text(given.url, "url of " + out.name)
                                   : text(address, "address") + out.name;
    if (given.sha256 != nullptr) out.sha256 = hash(text(given.sha256, "sha256"), out.name);
    out.archive = given.unpacked_limit > 0;
    out.unpacked_limit = given.unpacked_limit;
    if (given.begins.size > kMostBytes || (given.begins.size > 0 && given.begins.data == nullptr)) {
      refuse(fmt::format("how '{}' begins is damaged", out.name));
    }
    out.begins.assign(given.begins.size > 0 ? given.begins.data : "", given.begins.size);
    return out;
  }

  std::string hash(const std::string& given, const std::string& name) const {
    const bool hex = given.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (given.size() == 64 && hex) return given;
    refuse(fmt::format("the sha256 of '{}' is not 64 digits of 0-9 and a-f", name));
  }

  std::vector<KnownContent> as_kept(const std::vector<KnownFile>& files) const {
    std::vector<KnownContent> contents;
    for (const KnownFile& file : files) {
      if (file.archive) {
        refuse(fmt::format("'{}' is an archive, and it says no contents", file.name));
      }
      contents.push_back({file.name, file.size});
    }
    return contents;
  }

  const Component& set_;
};

std::vector<std::string> names_of_known_sets(const Registry& registry) {
  std::vector<std::string> names;
  for (const Listed& item : registry.listed()) {
    if (item.fetchable) names.push_back(item.id);
  }
  return names;
}

}  // namespace

std::uint64_t KnownSet::size() const {
  std::uint64_t all = 0;
  for (const KnownFile& file : files) {
    if (file.size == 0) return 0;
    all += file.size;
  }
  return all;
}

KnownSet known_set_of(const Component& set) { return SourceReader(set).read(); }

std::vector<KnownSet> known_sets(const Registry& registry) {
  std::vector<KnownSet> sets;
  for (const std::string& name : names_of_known_sets(registry)) {
    sets.push_back(known_set_of(registry.find(Kind::dataset, name)));
  }
  return sets;
}

KnownSet known_set(const Registry& registry, std::string_view name) {
  const std::vector<std::string> names = names_of_known_sets(registry);
  if (std::ranges::find(names, name) != names.end()) {
    return known_set_of(registry.find(Kind::dataset, name));
  }
  throw usage_error(fmt::format("no set called '{}' is known{}{}; 'lathe data list' shows them",
                                name, about_mase_name("dataset", name), suggestion(name, names)));
}

bool is_complete(const KnownSet& set, const std::filesystem::path& data_dir) {
  return std::all_of(set.contents.begin(), set.contents.end(), [&](const KnownContent& content) {
    std::error_code error;
    const auto size = std::filesystem::file_size(data_dir / set.name / content.path, error);
    return !error && (content.size == 0 ? size > 0 : size == content.size);
  });
}

std::filesystem::path default_data_dir() {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path user = environment("XDG_DATA_HOME");
  if (!user.is_absolute()) {
    const std::filesystem::path home = environment("HOME");
    if (!home.is_absolute()) return {};
    user = home / ".local" / "share";
  }
  return user / "lathe" / "data";
}

std::filesystem::path data_dir_from(const std::string& given) {
  if (!given.empty()) return given;
  const char* variable = std::getenv("LATHE_DATA_DIR");
  if (variable != nullptr && *variable != '\0') return in_home(variable);
  return default_data_dir();
}

}  // namespace lathe
