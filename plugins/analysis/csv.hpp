// Fields of CSV files, as RFC 4180 has them.
#pragma once

#include <lathe/lathe.hpp>

#include <string>

namespace analysis {

inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace analysis
