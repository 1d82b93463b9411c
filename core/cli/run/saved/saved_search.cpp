// The file holds the options by where they came from, the file or the command line: what goes
// before what is decided as it was then.
#include "core/cli/run/saved/saved_search.hpp"

#include "core/base/file.hpp"
#include "core/mase/accepted_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr const char* kVersionKey = "lathe_search";
constexpr int kVersion = 1;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

const Command& search_command() {
  return *std::ranges::find(command_table(), std::string_view("search"), &Command::word);
}

// A path that was relative to the folder in which the search ran.
Value located(const Value& value, const fs::path& directory) {
  if (value.is_list()) {
    Value::List items;
    for (const Value& item : value.as_list()) items.push_back(located(item, directory));
    return items;
  }
  if (!value.is_string() || value.as_string().empty()) return value;
  const fs::path path = value.as_string();
  if (path.is_absolute() || is_there(path)) return value;
  return is_there(directory / path) ? Value((directory / path).string()) : value;
}

// "sqlite:///study.db", from whichever folder it is read.
std::string absolute_url(const std::string& url) {
  constexpr std::string_view kFile = "sqlite:///";
  if (!url.starts_with(kFile) || url.size() == kFile.size()) return url;
  return fmt::format("{}{}", kFile, absolute_path(url.substr(kFile.size())).string());
}

// The folder of results that RUN means; nothing: there is no such run.
std::optional<fs::path> results_of(const fs::path& run, const fs::path& project_dir) {
  const fs::path below = fs::path("software") / search_command().results.folder;
  for (const fs::path& base : {run, project_dir / run})
    for (const fs::path& results : {base, base / search_command().results.folder, base / below})
      if (is_there(results / kSearchFile) || is_there(results / kStudyFile)) return results;
  return std::nullopt;
}

Error no_search(const std::string& run, const fs::path& project_dir) {
  if (is_there(run) || (!project_dir.empty() && is_there(project_dir / run)))
    return usage_error(
        fmt::format("--trial: '{}' holds no search; the folder of one has "
                    "software/{}/{}",
                    run, search_command().results.folder, kSearchFile));
  return usage_error(fmt::format(
      "--trial: there is no run '{}': neither a folder of that name{}", run,
      project_dir.empty() ? std::string()
                          : fmt::format(", nor a project in '{}'", project_dir.string())));
}

Value read_saved(const fs::path& file) {
  std::ifstream in(file);
  if (!in)
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("'{}' is not there: the search was begun by an earlier Lathe, or "
                                "the file was removed; the same search with --resume writes it",
                                file.string()));
  const Json json = Json::parse(in, nullptr, false);
  if (!json.is_object() || !json.contains(kVersionKey))
    throw run_error(LATHE_DATA_LOSS, "it is damaged: no description of a search", {file.string()});
  if (json[kVersionKey] != kVersion)
    throw run_error(LATHE_INVALID_ARGUMENT,
                    fmt::format("it is of version {}, and this Lathe reads version {}",
                                json[kVersionKey].dump(), kVersion),
                    {file.string()});
  return value_of(json);
}

const Value& member(const Value& saved, std::string_view key) {
  if (const Value* found = saved.find(key)) return *found;
  throw run_error(LATHE_DATA_LOSS, fmt::format("it is damaged: it lacks '{}'", key));
}

Value with_paths(const Value& options, const fs::path& directory) {
  Value out{Value::Map{}};
  for (const auto& [key, value] : options.as_map()) {
    const bool path = key == kLoadName.key || key == kPlugin.key || key == kDataDir.key;
    out.set(key, path ? located(value, directory) : value);
  }
  return out;
}

Settings settings_of(const Value& saved) {
  const fs::path directory = member(saved, "directory").as_string();
  Settings settings;
  settings.command = &search_command();
  settings.config.options = with_paths(member(saved, "options"), directory);
  settings.config.passes = member(saved, "passes");
  settings.config.search = member(saved, "search");
  settings.options = effective_options(options_of(*settings.command), settings.config.options,
                                       with_paths(member(saved, "command_line"), directory));
  honour(settings.options);
  settings.values = value_map(settings.options);
  return settings;
}

}  // namespace

Value SavedSearch::options_of_runs() const {
  constexpr OptionGroups kCarried = OptionGroup::model | OptionGroup::plugins |
                                    OptionGroup::data_folder | OptionGroup::training |
                                    OptionGroup::machine | OptionGroup::seed;
  Value options{Value::Map{}};
  for (const EffectiveOption& row : settings.options)
    if (row.given() && kCarried.has(row.option->group) && row.option->in_file)
      options.set(row.option->option.key, row.effective);
  return options;
}

namespace {

// What is kept of an option: a URL without its password.
Value shown_setting(std::string_view key, const Value& value) {
  return key == kStorage.key && value.is_string() ? Value(shown_url(value.as_string())) : value;
}

}  // namespace

void save_search(const Settings& settings, const SearchPlace& place) {
  Value options{Value::Map{}}, command_line{Value::Map{}};
  for (const EffectiveOption& row : settings.options) {
    const OptionGroup group = row.option->group;
    if (group == OptionGroup::results || group == OptionGroup::resume ||
        group == OptionGroup::overwrite || group == OptionGroup::json)
      continue;
    const std::string& key = row.option->option.key;
    if (row.from_file) options.set(key, shown_setting(key, *row.from_file));
    if (row.from_command_line) command_line.set(key, shown_setting(key, *row.from_command_line));
  }
  std::error_code ignored;
  const bool elsewhere = !settings.text(kStorage).empty();
  const Json json{
      {kVersionKey, kVersion},
      {"directory", fs::current_path(ignored).string()},
      {"study", place.study},
      {"storage", elsewhere ? Json(shown_url(absolute_url(place.storage_url))) : Json()},
      {"options", json_of(options)},
      {"command_line", json_of(command_line)},
      {"passes", json_of(settings.config.passes)},
      {"search", json_of(settings.config.search)}};
  write_atomically(place.folder / kSearchFile, json_text(json), Sync::no_wait);
}

SavedSearch find_saved_search(const std::string& text, const fs::path& project_dir) {
  const std::size_t colon = text.rfind(':');
  SavedSearch saved;
  saved.run = text.substr(0, colon);
  const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), saved.trial);
  if (saved.run.empty() || number.empty() || error != std::errc{} ||
      end != number.data() + number.size())
    throw usage_error(
        fmt::format("--trial takes RUN:NUMBER, the folder of a search and the number "
                    "of a trial, eg: lathe_output/first:17; got '{}'",
                    text));
  const std::optional<fs::path> results = results_of(saved.run, project_dir);
  if (!results) throw no_search(saved.run, project_dir);
  const fs::path file = *results / kSearchFile;
  const Value contents = read_saved(file);
  try {
    saved.settings = settings_of(contents);
    saved.place.folder = *results;
    saved.place.study = member(contents, "study").as_string();
    const Value& storage = member(contents, "storage");
    saved.place.storage_url = storage.is_none()
                                  ? "sqlite:///" + absolute_path(*results / kStudyFile).string()
                                  : storage.as_string();
  } catch (const Error& problem) {
    throw run_error(LATHE_DATA_LOSS, problem.message(), {file.string()});
  }
  return saved;
}

}  // namespace lathe
