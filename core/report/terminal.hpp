// The terminals that talk and results go to: what they can do, how wide they are.
#pragma once

#include "core/report/table.hpp"

#include <cstddef>
#include <string>

namespace lathe {

bool stderr_is_terminal();
// One that can redraw a line: TERM says which it is, and is not "dumb".
bool stderr_can_redraw();
// Colour is wanted: such a terminal, and NO_COLOR (no-color.org) unset or empty.
bool stderr_has_colour();
// Columns of the terminal that a descriptor is, as it is now; 0 where it is none.
std::size_t terminal_columns(int descriptor);

// Of the one that standard output is; 0: it is a file or a pipe.
std::size_t output_columns();

// What a file or a pipe is laid out for where something has to be.
constexpr std::size_t kUsualColumns = 80;

// A table for standard output: as wide as it is in a file or a pipe, and on a terminal that is too
// narrow for it one cell a line.
std::string output_table(const TextTable& table);

}  // namespace lathe
