// Words of Optuna's columns.
#include "core/storage/optuna/columns.hpp"

#include <cmath>
#include <limits>

namespace lathe {
std::string_view direction_word(lathe_direction direction) {
  return direction == LATHE_DIRECTION_MAXIMIZE ? "MAXIMIZE" : "MINIMIZE";
}

std::string_view value_type(double value) {
  if (std::isfinite(value)) return "FINITE";
  return value > 0 ? "INF_POS" : "INF_NEG";
}

double value_of_type(std::string_view type, double finite) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (type == "INF_POS") return kInfinity;
  if (type == "INF_NEG") return -kInfinity;
  if (type == "NAN") return std::numeric_limits<double>::quiet_NaN();
  return finite;
}

}  // namespace lathe
