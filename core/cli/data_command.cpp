#include "core/cli/data_command.hpp"

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/suggest.hpp"
#include "core/cli/command_words.hpp"
#include "core/cli/interrupt.hpp"
#include "core/fetch/fetch.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/progress.hpp"
#include "core/report/table.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lathe {

namespace {

namespace po = boost::program_options;

const std::vector<std::string> kCommands{"fetch", "list"};

constexpr std::string_view kHelp =
    "Usage: lathe data COMMAND [options]\n"
    "\n"
    "Commands:\n"
    "  list                  the known data sets: size, licence, where they come from, whether\n"
    "                        they are here\n"
    "  fetch NAME            downloads a set, checks size and SHA-256, and puts it where the data\n"
    "                        set of that name looks; a fetch that broke off is gone on with\n"
    "\n"
    "Options:\n"
    "  --data-dir DIR        the folder of data sets; without it LATHE_DATA_DIR, else lathe/data "
    "in\n"
    "                        XDG_DATA_HOME or ~/.local/share\n"
    "  --from URL            fetch: another address of the set's file, or of the folder with its\n"
    "                        files, ending in '/'; size and hash are checked all the same\n"
    "  --force               fetch: also if the set is here\n"
    "  --json                one JSON object on standard output\n"
    "  -h, --help            this text\n";

po::variables_map parse(const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("data-dir", po::value<std::string>()->default_value(""))(
      "from", po::value<std::string>()->default_value(""))("force", po::bool_switch());
  return parse_command_words("data", std::move(options), words);
}

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

void list(const std::filesystem::path& data_dir, bool json) {
  const Registry registry(default_plugin_folders(), {});
  if (json) {
    Json sets = Json::array();
    for (const KnownSet& set : known_sets(registry)) sets.push_back(json_of(set, data_dir));
    write_output(Json{{"data_dir", data_dir.string()}, {"sets", sets}}.dump(2) + "\n");
    return;
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
  write_output(fmt::format("{}\nThe data folder is '{}'.\n\n{}", render(table), data_dir.string(),
                           addresses));
}

void fetch_named(const po::variables_map& map, const std::string& name,
                 const std::filesystem::path& data_dir) {
  const KnownSet set = known_set(Registry(default_plugin_folders(), {}), name);
  if (data_dir.empty()) {
    throw usage_error(
        "no data folder is set and there is no home folder; give --data-dir or LATHE_DATA_DIR");
  }
  const bool json = map["json"].as<bool>();
  const bool here = is_complete(set, data_dir) && !map["force"].as<bool>();
  if (!here) {
    Progress progress;
    FetchRequest request;
    request.data_dir = data_dir;
    request.from = map["from"].as<std::string>();
    request.progress = [&progress](const std::string& file, std::uint64_t done,
                                   std::uint64_t total) { progress.update(file, done, total); };
    request.warning = [&progress](const std::string& text) {
      progress.clear();
      spdlog::warn("{}", text);
    };
    spdlog::info("{}: {}; licence: {}", set.name, set.title, set.licence);
    fetch(set, request, catch_interrupts());
  }
  if (json) {
    Json out = json_of(set, data_dir);
    out["fetched"] = !here;
    write_output(out.dump(2) + "\n");
    return;
  }
  write_output(fmt::format("'{}' is {}in '{}'\n", set.name, here ? "already " : "",
                           (data_dir / set.name).string()));
}

}  // namespace

int run_data_command(const std::vector<std::string>& all_words) {
  const po::variables_map map = parse(all_words);
  if (map["help"].as<bool>()) {
    write_output(kHelp);
    return 0;
  }
  std::vector<std::string> words;
  if (map.count("words") != 0) words = map["words"].as<std::vector<std::string>>();
  if (words.empty()) throw usage_error("lathe data: no command is given; use list or fetch");
  const std::filesystem::path data_dir = data_dir_from(map["data-dir"].as<std::string>());
  if (words.front() == "list") {
    if (words.size() != 1) throw usage_error("usage: lathe data list");
    list(data_dir, map["json"].as<bool>());
  } else if (words.front() == "fetch") {
    if (words.size() != 2) {
      throw usage_error("usage: lathe data fetch NAME; 'lathe data list' shows the names");
    }
    fetch_named(map, words[1], data_dir);
  } else {
    throw usage_error(fmt::format("unknown command 'data {}'{}", words.front(),
                                  suggestion(words.front(), kCommands)));
  }
  return 0;
}

}  // namespace lathe
