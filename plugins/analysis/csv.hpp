// Fields of CSV files, as RFC 4180 has them.
#pragma once

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

}  // namespace analysis
