// How fast work comes along, and how long the rest will take.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace lathe {

// Counts over the last half minute, so that a slow start is forgotten. Not thread-safe.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pace(Time begin) : samples_{{begin, 0}} {}
  // So much is done, in all; times rise.
  void add(Time now, std::uint64_t done);
  // Per second; nothing while nothing is done.
  std::optional<double> rate() const;

 private:
  struct Sample {
    Time time;
    std::uint64_t done;
  };
  std::deque<Sample> samples_;
};

// "12/s", "0.5/s", "3.2/min", "40/h": at least two digits.
std::string rate_text(double per_second);
// "0:07", "12:30", "3:05:00", "4 d 3 h".
std::string duration_text(double seconds);

}  // namespace lathe
