// Tables of documentation pages, as Markdown.
#pragma once

#include "core/options/option.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lathe::markdown {

using Cells = std::vector<std::string>;

std::string cell(std::string_view text);  // a bar would end the cell, also within backticks
std::string code(std::string_view text);  // in backticks; empty stays empty
std::string row(const Cells& cells);
std::string heads(const Cells& cells);  // the first row, and the line below it

// A row for each, or a sentence where there are none.
std::string options_text(const std::vector<Option>& options);

}  // namespace lathe::markdown
