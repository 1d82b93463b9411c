// Options of MASE that mean nothing here. They are accepted, so that its files and scripts run as
// they are; asking one of them for more than happens anyway is a warning, and an error where
// running something else instead would be a wrong answer.
#pragma once

#include "core/options/effective_options.hpp"

namespace lathe {

struct AcceptedOption {
  CommandOption row;
  std::string harmless;  // the value that asks for nothing; empty: none
  std::string why;       // it changes nothing, or is refused
  bool refused = false;
  std::string refused_value = {};  // the only one that is refused; empty: all, if `refused`
};
const std::vector<AcceptedOption>& accepted_options();

// Refuses what cannot be honoured, and puts the task in one word.
void honour(std::vector<EffectiveOption>& options);

// What was asked for and changes nothing, one sentence each.
std::vector<std::string> option_warnings(const std::vector<EffectiveOption>& options);

}  // namespace lathe
