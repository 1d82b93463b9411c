// The talk of a run: on stderr, "warning: ..." and "error: ..." with colour on a terminal, and
// ordinary news without a prefix. Each is one line, whatever its text holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lathe {

void start_log();
void set_log_level(const std::string& level);  // debug, info, warning, error, critical
void show_warnings(bool shown);
// Those shown so far, each once, in their order. Thread-safe.
std::vector<std::string> said_warnings();

// The last word of a run that failed; shown at every level.
void say_error(std::string_view sentence) noexcept;

}  // namespace lathe
