// Words of Optuna's columns.
#include "core/storage/optuna/text/columns.hpp"

#include <cmath>
#include <limits>

namespace lathe {

std::string_view direction_word(lathe_direction direction) {
  return direction == LATHE_DIRECTION_MAXIMIZE ? "MAXIMIZE" : "MINIMIZE";
}

std::optional<lathe_direction> direction_of_word(std::string_view word) {
  for (const lathe_direction each : {LATHE_DIRECTION_MAXIMIZE, LATHE_DIRECTION_MINIMIZE})
    if (direction_word(each) == word) return each;
  return std::nullopt;
}

std::string_view value_type(double value) {
  if (std::isfinite(value)) return "FINITE";
  if (std::isnan(value)) return "NAN";
  return value > 0 ? "INF_POS" : "INF_NEG";
}

std::optional<double> value_of_type(std::string_view type) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (type == "INF_POS") return kInfinity;
  if (type == "INF_NEG") return -kInfinity;
  if (type == "NAN") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

}  // namespace lathe
