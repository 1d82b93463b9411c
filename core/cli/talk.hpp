// The talk of a run: on stderr, "warning: ..." and "error: ..." with colour on a terminal, and
// ordinary news without a prefix.
#pragma once

#include <string>

namespace lathe {

void start_log();
void set_log_level(const std::string& level);  // debug, info, warning, error, critical
void show_warnings(bool shown);

}  // namespace lathe
