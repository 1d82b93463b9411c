// Contents of a parameter in numbers, and how far two of them are apart.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "../csv.hpp"

namespace analysis {

// Of population: the deviation divides by the number of elements. NaN for no elements, and where an
// element is NaN.
struct Numbers {
  double min = 0, max = 0, mean = 0, deviation = 0;
};

inline Numbers numbers_of(lathe::span<const float> values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (values.size() == 0) return {kNone, kNone, kNone, kNone};
  Numbers out{static_cast<double>(values[0]), static_cast<double>(values[0]), 0, 0};
  double sum = 0;
  for (const float x : values) {
    const auto value = static_cast<double>(x);
    if (std::isnan(value)) return {kNone, kNone, kNone, kNone};
    out.min = std::min(out.min, value);
    out.max = std::max(out.max, value);
    sum += value;
  }
  const auto count = static_cast<double>(values.size());
  out.mean = sum / count;
  double squares = 0;
  for (const float x : values) {
    const double off = static_cast<double>(x) - out.mean;
    squares += off * off;
  }
  out.deviation = std::sqrt(squares / count);
  return out;
}

// Of the second against the first.
struct Distance {
  std::int64_t changed = 0;      // elements that are another number
  double largest = 0;            // difference
  double signal = 0, error = 0;  // sums of squares: of the first, of the differences

  // The norm of the differences over that of the first; NaN for a first of zeros.
  double relative() const { return signal > 0 ? std::sqrt(error / signal) : std::nan(""); }
  // 10 log10(signal / error); NaN where nothing differs, or for a first of zeros.
  double snr_db() const {
    return signal > 0 && error > 0 ? 10 * std::log10(signal / error) : std::nan("");
  }
};

// REQUIRES: of one size.
inline Distance distance_of(lathe::span<const float> from, lathe::span<const float> to) {
  Distance out;
  for (std::uint64_t i = 0; i < from.size(); ++i) {
    const auto a = static_cast<double>(from[i]), b = static_cast<double>(to[i]);
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      out.signal += a * a;
      continue;
    }
    ++out.changed;
    const double off = std::abs(a - b);
    // Once NaN, always NaN.
    if (!(off <= out.largest)) out.largest = std::isnan(out.largest) ? out.largest : off;
    out.signal += a * a;
    out.error += off * off;
  }
  return out;
}

// "0.5, -0.25 ... of 80": the first so many.
inline std::string first_values(lathe::span<const float> values, std::uint64_t most) {
  std::string text;
  const std::uint64_t shown = std::min<std::uint64_t>(values.size(), most);
  for (std::uint64_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : ", ") + shortest(values[i]);
  }
  if (shown == values.size()) return text;
  return lathe::join({text, text.empty() ? "" : " ", "... of ",
                      lathe::to_string(static_cast<std::int64_t>(values.size()))});
}

}  // namespace analysis
