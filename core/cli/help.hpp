// What --help prints: made from the tables of commands and options, so that it cannot disagree.
#pragma once

#include "core/cli/command_table.hpp"

namespace lathe {

std::string program_help();
// `name` as after "lathe": "plugin show".
std::string command_help(const Command& command, std::string_view name);

void print_help(const Invocation& call);
void print_version(const Invocation& call);

}  // namespace lathe
