// Text that fits the terminal: a name on the left, what it means on the right, or below it where
// the terminal is narrow.
#pragma once

#include <string>
#include <string_view>

namespace lathe {

// Columns of the terminal; 100 where there is none.
std::size_t terminal_width();

// `text` in lines of at most `width`, all but the first behind `margin` spaces. A word that does
// not fit has a line of its own. Control characters, newlines too, are escaped.
std::string wrapped(std::string_view text, std::size_t margin, std::size_t width);

// Paragraphs of Markdown, each wrapped, with an empty line between them; lines of a list or a table
// and indented ones stay lines of their own. Backticks stay.
std::string paragraphs(std::string_view markdown, std::size_t width);

// "  name      text ...", the text wrapped beside column `column`; the names of all rows that
// belong together should be shorter than that, but need not.
std::string entry(std::string_view name, std::string_view text, std::size_t column,
                  std::size_t width);

}  // namespace lathe
