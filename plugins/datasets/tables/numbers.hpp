// Numbers in text. A cell is a number as a whole or an error that names file, line and column.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <string_view>

namespace datasets {

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// True if the whole text is a number; nan and inf are numbers here.
bool parse_number(std::string_view text, double& value);

// True, TRUE or true is 1 and False 0, as pandas and R write them; no other text is either.
bool parse_truth(std::string_view text, double& value);

// Empty, or a word that pandas, R and others write where a value is missing.
bool is_missing(std::string_view cell);

// Texts in messages: kept short and on one line, control characters as escapes.
std::string quoted(std::string_view text);

// "column 3 ('x3')"
std::string column_text(std::size_t column, std::string_view name);

// The number of a cell; a truth value is one too. `way_out` ends the sentence about a text that is
// none.
float number_of(std::string_view cell, const std::string& path, std::uint64_t line,
                std::size_t column, std::string_view name, std::string_view way_out = {});

}  // namespace datasets
