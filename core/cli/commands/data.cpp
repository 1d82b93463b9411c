// lathe data list|fetch: the data sets that Lathe knows where to get.
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/interrupt.hpp"
#include "core/fetch/fetch.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/progress.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? "not known" : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

Json json_of(const KnownSet& set, const std::filesystem::path& data_dir) {
  Json files = Json::array();
  for (const KnownFile& file : set.files) {
    const auto known = [](const auto& value, bool is_known) {
      return is_known ? Json(value) : Json(nullptr);
    };
    files.push_back({{"name", file.name},
                     {"url", file.url},
                     {"size", known(file.size, file.size != 0)},
                     {"sha256", known(file.sha256, !file.sha256.empty())}});
  }
  return {{"name", set.name},
          {"what", set.title},
          {"licence", set.licence},
          {"files", files},
          {"folder", (data_dir / set.name).string()},
          {"here", is_complete(set, data_dir)}};
}

std::filesystem::path folder_of(const Invocation& call) {
  return data_dir_from(call.get(kDataDir).value_or(std::string()));
}

}  // namespace

void list_data(const Invocation& call) {
  const std::filesystem::path data_dir = folder_of(call);
  const Registry registry = registry_of(call);
  if (call.get(kJson)) {
    Json sets = Json::array();
    for (const KnownSet& set : known_sets(registry)) sets.push_back(json_of(set, data_dir));
    return write_json({{"data_dir", data_dir.string()}, {"sets", sets}});
  }
  TextTable table{{"set", "here", "size", "sha256", "licence", "what it is"}, {}};
  std::string addresses;
  for (const KnownSet& set : known_sets(registry)) {
    bool hashed = true;
    for (const KnownFile& file : set.files) hashed = hashed && !file.sha256.empty();
    table.rows.push_back({set.name, is_complete(set, data_dir) ? "yes" : "no",
                          size_text(set.size()), hashed ? "known" : "not known", set.licence,
                          set.title});
    for (const KnownFile& file : set.files)
      addresses += fmt::format("{}{}\n  {}\n", file.url,
                               file.size == 0 ? "" : fmt::format(" ({} bytes)", file.size),
                               file.sha256.empty() ? "no sha256 is known" : file.sha256);
  }
  write_output(fmt::format("{}\nThe data folder is '{}'.\n\n{}", output_table(table),
                           data_dir.string(), addresses));
}

void fetch_data(const Invocation& call) {
  const std::filesystem::path data_dir = folder_of(call);
  const KnownSet set = known_set(registry_of(call), call.words.front());
  if (data_dir.empty()) {
    throw usage_error(
        "no data folder is set and there is no home folder; give --data-dir or LATHE_DATA_DIR");
  }
  const bool here = is_complete(set, data_dir) && !call.get(kForce);
  if (!here) {
    Progress progress;
    FetchRequest request;
    request.data_dir = data_dir;
    request.from = call.get(kFrom).value_or(std::string());
    request.progress = [&progress](const std::string& file, std::uint64_t done,
                                   std::uint64_t total) { progress.update(file, done, total); };
    request.warning = [&progress](const std::string& text) {
      progress.clear();
      log_warning("{}", text);
    };
    log_info("{}: {}; licence: {}", set.name, set.title, set.licence);
    fetch(set, request, catch_interrupts());
  }
  if (call.get(kJson)) {
    Json out = json_of(set, data_dir);
    out["fetched"] = !here;
    return write_json(out);
  }
  write_output(fmt::format("'{}' is {}in '{}'\n", set.name, here ? "already " : "",
                           (data_dir / set.name).string()));
}

}  // namespace lathe
