// The words after `lathe COMMAND`, checked against the option table of the commands. Knows how
// options are spelt and nothing about what they mean.
#pragma once

#include "core/mase/mase.hpp"

#include <string>
#include <vector>

namespace lathe {

// Options by key, those that were given and only those; values are checked. The first two words
// without a flag are the model and the data set. Throws usage_error with the flag and what is near.
Value parse_command_line(RunCommand command, const std::vector<std::string>& words);

}  // namespace lathe
