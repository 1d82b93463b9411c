// Words of Optuna's columns.
#include "core/storage/optuna/columns.hpp"

#include <fmt/chrono.h>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

namespace lathe {
std::string_view direction_word(lathe_direction direction) {
  return direction == LATHE_MAXIMIZE ? "MAXIMIZE" : "MINIMIZE";
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}",
                     fmt::localtime(std::chrono::system_clock::to_time_t(whole)), micros);
}

std::chrono::system_clock::time_point time_of_text(std::string_view text) {
  std::tm local{};
  int micros = 0;
  const std::string copy(text);
  const int read =
      std::sscanf(copy.c_str(), "%d-%d-%d %d:%d:%d.%d", &local.tm_year, &local.tm_mon,
                  &local.tm_mday, &local.tm_hour, &local.tm_min, &local.tm_sec, &micros);
  if (read < 6) return {};
  local.tm_year -= 1900;
  local.tm_mon -= 1;
  local.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&local)) +
         std::chrono::microseconds(read == 7 ? micros : 0);
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
