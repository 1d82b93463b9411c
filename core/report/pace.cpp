#include "core/report/pace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {

void Pace::add(Time now, std::uint64_t done) {
  constexpr std::chrono::seconds kApart{1}, kWindow{30};
  // The last sample is the newest; those before it are a second apart.
  const std::size_t count = samples_.size();
  if (count > 1 && samples_[count - 1].time - samples_[count - 2].time < kApart)
    samples_.back() = {now, done};
  else
    samples_.push_back({now, done});
  while (samples_.size() > 2 && now - samples_[1].time >= kWindow) samples_.pop_front();
}

std::optional<double> Pace::rate() const {
  const double seconds =
      std::chrono::duration<double>(samples_.back().time - samples_.front().time).count();
  const std::uint64_t done = samples_.back().done - samples_.front().done;
  if (done == 0 || seconds <= 0) return std::nullopt;
  return static_cast<double>(done) / seconds;
}

std::string rate_text(double per_second) {
  struct Unit {
    double seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{1, "s"}, {60, "min"}, {3600, "h"}};
  const Unit* unit = kUnits;
  while (unit != std::end(kUnits) - 1 && per_second * unit->seconds < 0.5) ++unit;
  const double rate = per_second * unit->seconds;
  return rate < 10 ? fmt::format("{:.1f}/{}", rate, unit->name)
                   : fmt::format("{:.0f}/{}", rate, unit->name);
}

std::string duration_text(double seconds) {
  constexpr double kMost = 1e9;  // some thirty years
  const auto whole = static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0.0, kMost)));
  const std::int64_t minutes = whole / 60, hours = minutes / 60, days = hours / 24;
  if (days > 0) return fmt::format("{} d {} h", days, hours % 24);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace lathe
