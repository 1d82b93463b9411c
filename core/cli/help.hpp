// What --help prints: made from the option table of the commands, so that it cannot disagree.
#pragma once

#include "core/mase/mase.hpp"

#include <string>
#include <string_view>

namespace lathe {

struct CommandWord {
  std::string_view word;
  std::string_view line;   // one line for the list
  std::string_view usage;  // after "lathe "
};
// Every command, in the order in which help shows them.
const std::vector<CommandWord>& command_words();

std::string program_help();
std::string command_help(RunCommand command, std::string_view word);

}  // namespace lathe
