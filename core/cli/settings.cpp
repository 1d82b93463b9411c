// --set edits the document before it is checked, so it can say whatever a file can say; what it
// sets counts as given on the command line.
#include "core/cli/settings.hpp"

#include "core/cli/command_line.hpp"
#include "core/options/document.hpp"
#include "core/options/set_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::string_view kSet = "--set";

// The options that --set gave, out of the file's; those of the file stay.
void move_set_options(Value& file, Value& command_line) {
  Value::Map kept;
  for (auto& [key, value] : file.as_map()) {
    if (value.position().file != kSet) {
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

}  // namespace

const Value& Settings::value(std::string_view key) const {
  const Value* found = values.find(key);
  if (found == nullptr)
    throw Error(Blame::run, LATHE_INTERNAL,
                fmt::format("'lathe {}' has no option '{}'", word, key));
  return *found;
}

bool Settings::given(std::string_view key) const {
  return std::any_of(options.begin(), options.end(), [&](const EffectiveOption& row) {
    return row.option->option.key == key && (row.from_file || row.from_command_line);
  });
}

std::string Settings::text(std::string_view key) const {
  const Value& found = value(key);
  return found.is_none() ? std::string() : found.as_string();
}

Settings read_settings(RunCommand command, const std::string& word,
                       const std::vector<std::string>& words) {
  Settings settings;
  settings.command = command;
  settings.word = word;
  settings.words = {word};
  settings.words.insert(settings.words.end(), words.begin(), words.end());
  Value command_line = parse_command_line(command, words);

  Value document(Value::Map{});
  if (const Value* path = command_line.find("config"); path != nullptr && !path->is_none()) {
    settings.config_file = path->as_string();
    document = read_toml(settings.config_file);
  }
  if (const Value* assignments = command_line.find("set"); assignments != nullptr)
    for (const Value& assignment : assignments->as_list())
      set_path(document, assignment.as_string(), std::string(kSet));

  // [sweep] is a table of lists of options; the sweep itself reads it.
  if (const Value* sweep = document.find("sweep"); sweep != nullptr) {
    settings.sweep = *sweep;
    document.erase("sweep");
  }
  settings.config = read_run_config(document);
  Value file = settings.config.options;
  move_set_options(file, command_line);
  settings.options = effective_options(command, file, command_line);
  settings.values = value_map(settings.options);
  return settings;
}

TextTable settings_table(const Settings& settings, bool every_option) {
  const auto cell = [&](const std::optional<Value>& value) {
    constexpr std::size_t kWidth = 40;
    std::string text = value ? cell_text(*value) : std::string();
    if (every_option || text.size() <= kWidth) return text;
    return text.substr(0, kWidth - 3) + "...";
  };
  TextTable table{{"name", "default", "config file", "command line", "effective"}, {}};
  for (const EffectiveOption& row : settings.options)
    if (every_option || row.from_file || row.from_command_line)
      table.rows.push_back({row.option->option.key, cell(row.option->option.default_value),
                            cell(row.from_file), cell(row.from_command_line), cell(row.effective)});
  return table;
}

}  // namespace lathe
