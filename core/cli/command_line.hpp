// The words after `lathe COMMAND`, read as the command's row says. Knows how options are spelt and
// nothing about what they mean.
#pragma once

#include "core/cli/command_table.hpp"

namespace lathe {

struct ParsedWords {
  std::vector<std::string> words;
  std::vector<std::string> arguments;  // behind "--", where the command takes them
  Value given{Value::Map{}};           // those options that were given, by key; checked
};
// Throws usage_error with the flag and what is near.
ParsedWords parse_words(const Command& command, const std::string& name,
                        const std::vector<std::string>& words);

// The same, with as many words as the command takes.
Invocation call_of(const Command& command, const std::string& name,
                   const std::vector<std::string>& words);

// "lathe plugin show [KIND:]ID"
std::string usage_of(const Command& command, std::string_view name);

}  // namespace lathe
