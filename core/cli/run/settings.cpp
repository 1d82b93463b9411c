// --set edits the document before it is checked, so it can say whatever a file can say; what it
// sets counts as given on the command line.
#include "core/cli/run/settings.hpp"

#include "core/cli/run/model_path.hpp"
#include "core/cli/run/saved/saved_search.hpp"
#include "core/mase/accepted_options.hpp"
#include "core/options/text/document.hpp"
#include "core/options/text/set_path.hpp"
#include "core/search/study/storage.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::string_view kBySet = "--set";

// The options that --set gave, out of the file's; those of the file stay.
void move_set_options(Value& file, Value& command_line) {
  Value::Map kept;
  for (auto& [key, value] : file.as_map()) {
    if (value.position().file != kBySet) {
      kept.emplace_back(key, std::move(value));
      continue;
    }
    const Value* other = command_line.find(key);
    if (other != nullptr && !(*other == value))
      throw usage_error(fmt::format("'{}' is given twice: {} as an option, {} by --set", key,
                                    other->text(), value.text()));
    if (other == nullptr) command_line.set(key, std::move(value));
  }
  file.as_map() = std::move(kept);
}

// What the search of --trial brings, where the command line says nothing else.
void adopt_search(const Invocation& call, Settings& settings, Value& file) {
  if (!call.command->options.has(OptionGroup::trial)) return;
  const OptionalText given = call.get(kTrial);
  if (!given) return;
  for (const std::string_view key : {kConfig.key, kModel.key, kLoadName.key})
    if (call.given.find(key) != nullptr)
      throw usage_error(fmt::format("--trial brings the {} of its search; leave {} out",
                                    key == kConfig.key ? "config" : "network",
                                    key == kModel.key      ? "MODEL"
                                    : key == kLoadName.key ? "--load"
                                                           : "--config"));
  const auto folder = call.command->options.has(OptionGroup::results)
                          ? std::filesystem::path(call.get(kProjectDir))
                          : std::filesystem::path();
  const SavedSearch saved = find_saved_search(*given, folder);
  settings.config.search = saved.settings.config.search;
  file = saved.options_of_runs();
  settings.trial = std::make_shared<const SavedSearch>(saved);
}

}  // namespace

const EffectiveOption& Settings::option(std::string_view key) const {
  for (const EffectiveOption& row : options)
    if (row.option->option.key == key) return row;
  throw run_error(LATHE_INTERNAL, fmt::format("'lathe {}' has no option '{}'", command->word, key));
}

EffectiveOption& Settings::option_to_write(std::string_view key) {
  return options[static_cast<std::size_t>(&option(key) - options.data())];
}

void Settings::adopt(std::string_view key, Value value) {
  option_to_write(key).effective = std::move(value);
  values = value_map(options);
}

void Settings::take_word_as_dataset() {
  EffectiveOption& model = option_to_write(kModel.key);
  EffectiveOption& dataset = option_to_write(kDataset.key);
  dataset.from_command_line = dataset.effective =
      Value(model.from_command_line->as_string()).at({fmt::format("<{}>", kDataset.key), 0, 0});
  model.from_command_line.reset();
  model.effective = model.from_file ? *model.from_file : Value();
  values = value_map(options);
}

namespace {

// Takes the password of a storage out of the command line that is kept.
void hide_password(Settings& settings) {
  for (const EffectiveOption& row : settings.options) {
    if (row.option->option.key != kStorage.key || !row.effective.is_string()) continue;
    const std::string& url = row.effective.as_string();
    const std::string shown = shown_url(url);
    if (shown == url) return;
    for (std::string& word : settings.line)
      if (const std::size_t at = word.find(url); at != std::string::npos)
        word.replace(at, url.size(), shown);
  }
}

}  // namespace

Settings read_settings(const Invocation& call) {
  Settings settings;
  settings.command = call.command;
  settings.line = call.line;
  Value command_line = call.given;

  Value document(Value::Map{});
  if (const OptionalText path = call.get(kConfig)) {
    settings.config_file = *path == "-" ? "/dev/stdin" : *path;
    const std::string text = read_config(settings.config_file);
    settings.config_sha256 = sha256(std::as_bytes(std::span(text)));
    document = parse_toml(text, settings.config_file.string());
  }
  for (const std::string& assignment : call.get(kSet))
    set_path(document, assignment, std::string(kBySet));

  // [sweep] is a table of lists of options; the sweep itself reads it.
  if (const Value* sweep = document.find("sweep"); sweep != nullptr) {
    settings.sweep = *sweep;
    document.erase("sweep");
  }
  settings.config = read_run_config(document);
  Value file = settings.config.options;
  move_set_options(file, command_line);
  adopt_search(call, settings, file);
  settings.options = effective_options(options_of(*call.command), file, command_line);
  honour(settings.options);
  settings.values = value_map(settings.options);
  hide_password(settings);
  settle_model_path(settings);
  return settings;
}

TextTable settings_table(const Settings& settings, bool every_option) {
  const auto cell = [&](const std::optional<Value>& value) {
    constexpr std::size_t kWidth = 40;
    std::string text = value ? cell_text(*value) : std::string();
    if (value && value->is_string()) text = shown_url(text);
    if (!every_option && text.size() > kWidth) text.replace(kWidth - 3, std::string::npos, "...");
    return text;
  };
  TextTable table{{"name", "default", "config file", "command line", "effective"}, {}};
  for (const EffectiveOption& row : settings.options)
    if (every_option || row.given())
      table.rows.push_back({row.option->option.key, cell(row.option->option.default_value),
                            cell(row.from_file), cell(row.from_command_line), cell(row.effective)});
  return table;
}

}  // namespace lathe
