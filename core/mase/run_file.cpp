#include "core/mase/run_file.hpp"

#include "core/mase/accepted_options.hpp"
#include "core/mase/names.hpp"
#include "core/mase/words.hpp"
#include "core/options/command_options.hpp"
#include "core/options/words_elsewhere.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

// Tables at the top of a file that are not options of a run.
constexpr std::string_view kPassesTable = "passes", kSearchTable = "search";

Value table_of(const std::string& key, const Value& value) {
  if (value.is_map()) return value;
  throw usage_error(fmt::format("[{}] is a table; got {} {}", key, value.kind_name(), value.text()),
                    value.position());
}

}  // namespace

const CommandOption* find_option(std::string_view key) {
  const std::string word = option_word(key);
  for (const CommandOption& option : command_options()) {
    if (option.option.key == word) return &option;
  }
  for (const AcceptedOption& option : accepted_options()) {
    if (option.row.option.key == word) return &option.row;
  }
  return nullptr;
}

RunConfig read_run_config(const Value& document) {
  RunConfig config;
  for (const auto& [key, value] : document.as_map()) {
    if (key == kPassesTable) {
      config.passes = table_of(key, value);
      continue;
    }
    if (key == kSearchTable) {
      config.search = table_of(key, value);
      continue;
    }
    const CommandOption* row = find_option(key);
    if (row != nullptr && row->in_file) {
      if (config.options.find(row->option.key) != nullptr) {
        throw usage_error(fmt::format("'{}' is the same option as '{}', which is given already",
                                      key, row->option.key),
                          value.position());
      }
      config.options.set(row->option.key, check_value(*row, value, "a run"));
      continue;
    }
    if (row != nullptr) {
      throw usage_error(
          fmt::format("'{}' belongs on the command line ({})", key, row->flags.front()),
          value.position());
    }
    std::vector<std::string> known{std::string(kPassesTable), std::string(kSearchTable)};
    for (const CommandOption& option : command_options()) {
      if (option.in_file) known.push_back(option.option.key);
    }
    for (const AcceptedOption& option : accepted_options()) {
      known.push_back(option.row.option.key);
    }
    throw usage_error(fmt::format("unknown key '{}'{}{}", key, about_mase_name("option", key),
                                  option_suggestion(key, known)),
                      value.position());
  }
  return config;
}

}  // namespace lathe
