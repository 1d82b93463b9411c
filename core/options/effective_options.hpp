// Where an option's value comes from: default < file < command line, where given means given, even
// if equal to the default.
#pragma once

#include "core/options/command_option.hpp"

#include <span>

namespace lathe {

struct EffectiveOption {
  const CommandOption* option = nullptr;
  std::optional<Value> from_file, from_command_line;
  Value effective;

  bool given() const { return from_file || from_command_line; }
};

// One for each of `rows`. `file` and `command_line` are maps of what was given, checked; other keys
// in them are legal and left out: a file may serve several commands.
std::vector<EffectiveOption> effective_options(std::span<const CommandOption* const> rows,
                                               const Value& file, const Value& command_line);

Value value_map(const std::vector<EffectiveOption>& options);  // {key: effective}

}  // namespace lathe
