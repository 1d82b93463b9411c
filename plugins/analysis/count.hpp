// Counts as users expect them: whole numbers, exact as long as a double is.
#pragma once

#include <lathe/lathe.hpp>

#include <cmath>

namespace analysis {

// An integer, or the number itself where it is none or too large for one.
inline lathe::value count(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (number == std::floor(number) && number <= kExact) {
    return lathe::value(static_cast<std::int64_t>(number));
  }
  return lathe::value(number);
}

}  // namespace analysis
