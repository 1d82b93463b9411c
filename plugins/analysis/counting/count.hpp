// Counts as users expect them: whole numbers, exact as long as a double is.
#pragma once

#include <lathe/lathe.hpp>

#include <cmath>

namespace analysis {

inline bool is_whole(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  return number == std::floor(number) && number <= kExact;
}

// An integer, or the number itself where it is none or too large for one.
inline lathe::value count(double number) {
  if (is_whole(number)) return lathe::value(static_cast<std::int64_t>(number));
  return lathe::value(number);
}

// The same, and a text, as cells of table::row(cells, count). The text is borrowed.
inline lathe_value cell(double number) {
  lathe_value v = {};
  if (is_whole(number)) {
    v.kind = LATHE_VALUE_INT;
    v.as.integer = static_cast<std::int64_t>(number);
  } else {
    v.kind = LATHE_VALUE_FLOAT;
    v.as.real = number;
  }
  return v;
}
inline lathe_value cell(std::string_view text) {
  lathe_value v = {};
  v.kind = LATHE_VALUE_STRING;
  v.size = text.size();
  v.as.text = text.data();
  return v;
}

}  // namespace analysis
