#include "core/base/clock.hpp"

#include <fmt/chrono.h>

#include <cstdio>
#include <ctime>

namespace lathe {

namespace {

std::tm local(Time time) { return fmt::localtime(std::chrono::system_clock::to_time_t(time)); }

}  // namespace

Time now() { return std::chrono::system_clock::now(); }

std::string local_date(Time time) { return fmt::format("{:%Y-%m-%d}", local(time)); }

std::string utc_text(Time time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string local_text(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}", local(whole), micros);
}

Time time_of_local_text(std::string_view text) {
  std::tm local{};
  int micros = 0;
  const std::string copy(text);
  const int read =
      std::sscanf(copy.c_str(), "%d-%d-%d %d:%d:%d.%d", &local.tm_year, &local.tm_mon,
                  &local.tm_mday, &local.tm_hour, &local.tm_min, &local.tm_sec, &micros);
  // Beyond these years a clock of nanoseconds overflows.
  if (read < 6 || local.tm_year < 1970 || local.tm_year > 2261) return {};
  if (micros < 0 || micros > 999999) return {};
  local.tm_year -= 1900;
  local.tm_mon -= 1;
  local.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&local)) +
         std::chrono::microseconds(read == 7 ? micros : 0);
}

}  // namespace lathe
