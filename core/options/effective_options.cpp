#include "core/options/effective_options.hpp"

namespace lathe {

std::vector<EffectiveOption> effective_options(std::span<const CommandOption* const> rows,
                                               const Value& file, const Value& command_line) {
  std::vector<EffectiveOption> result;
  for (const CommandOption* row : rows) {
    const std::string& key = row->option.key;
    EffectiveOption option{row, std::nullopt, std::nullopt, {}};
    if (row->option.default_value) option.effective = *row->option.default_value;
    if (const Value* given = file.find(key)) option.from_file = option.effective = *given;
    if (const Value* given = command_line.find(key)) {
      option.from_command_line = option.effective = *given;
    }
    result.push_back(std::move(option));
  }
  return result;
}

Value value_map(const std::vector<EffectiveOption>& options) {
  Value::Map map;
  for (const EffectiveOption& row : options) {
    map.emplace_back(row.option->option.key, row.effective);
  }
  return Value(std::move(map));
}

}  // namespace lathe
