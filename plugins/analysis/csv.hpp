// Fields of CSV files, as RFC 4180 has them, and numbers in them.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace analysis {

inline void add_csv_field(std::string& csv, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    csv.append(text);
    return;
  }
  csv += '"';
  for (const char c : text) csv.append(c == '"' ? 2 : 1, c);
  csv += '"';
}

inline std::string csv_field(std::string_view text) {
  std::string field;
  add_csv_field(field, text);
  return field;
}

// A number in the fewest digits that give the same again.
template <class Number>
std::string shortest(Number x) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace analysis
