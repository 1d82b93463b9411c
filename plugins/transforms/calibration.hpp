// Where the binary point of fixed-point operands goes, from values that were seen. Knows nothing
// about graphs: it is given tensors of operands and gives their fraction widths.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "formats/kernel.hpp"

namespace calibration {

enum class method { none, range, mse };

inline method method_of(std::string_view word) {
  return word == "range" ? method::range : word == "mse" ? method::mse : method::none;
}

// Codes of `width` bits, as docs/mase.md has them for fixed point.
struct codes {
  double low, high;
  static codes of(std::int64_t width, bool is_signed) {
    const int bits = static_cast<int>(width);
    return is_signed ? codes{-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1.0}
                     : codes{0.0, std::ldexp(1.0, bits) - 1.0};
  }
};

constexpr int kWidestFraction = 64;  // the format's own bound, on both sides of the point
// Finer steps than the range asks for clip the tails. Beyond a sixteenth of the range clipping has
// never been the smaller error in practice (Banner et al., "Post training 4-bit quantization of
// convolutional networks", 2019, find the best clip near a third of it at 4 bits).
constexpr int kFinerSteps = 5;

// Sum of squared errors of rounding to multiples of 1/scale within the codes.
LATHE_KERNEL
inline double squared_error(const float* x, std::uint64_t count, float scale, float step, float low,
                            float high) {
  constexpr std::uint64_t kLanes = 16;  // partial sums in a fixed order: the same on every machine
  float sums[kLanes] = {};
  double total = 0;
  std::uint64_t i = 0;
  while (i < count) {
    const std::uint64_t end = std::min<std::uint64_t>(count, i + 4096);
    for (; i + kLanes <= end; i += kLanes) {
      for (std::uint64_t j = 0; j < kLanes; ++j) {
        float k = x[i + j] * scale;
        k = k < low ? low : k;
        k = k > high ? high : k;
        const float error = __builtin_rintf(k) * step - x[i + j];
        sums[j] += error * error;
      }
    }
    for (; i < end; ++i) {
      const float k = std::min(std::max(x[i] * scale, low), high);
      const float error = __builtin_rintf(k) * step - x[i];
      sums[0] += error * error;
    }
    for (float& sum : sums) {
      total += static_cast<double>(sum);
      sum = 0;
    }
  }
  return total;
}

// One operand: first every tensor goes to see_range(), then, for mse, every tensor to see_error().
class operand {
 public:
  operand(std::int64_t width, bool is_signed) : codes_(codes::of(width, is_signed)) {}

  void see_range(lathe::span<const float> values) {
    for (const float x : values) {
      if (!std::isfinite(x)) {
        ++not_finite_;
        continue;
      }
      low_ = std::min(low_, x);
      high_ = std::max(high_, x);
    }
    count_ += static_cast<std::int64_t>(values.size());
  }

  void see_error(lathe::span<const float> values) {
    const std::optional<int> widest = range_fraction();
    if (!widest) return;
    for (int finer = 0; finer < kFinerSteps; ++finer) {
      const int fraction = *widest + finer;
      if (fraction > kWidestFraction) break;
      errors_[finer] += squared_error(values.data(), values.size(), std::ldexp(1.0F, fraction),
                                      std::ldexp(1.0F, -fraction), static_cast<float>(codes_.low),
                                      static_cast<float>(codes_.high));
    }
    seen_errors_ = true;
  }

  // None if nothing but zeros was seen: then any will do.
  std::optional<int> fraction() const {
    const std::optional<int> widest = range_fraction();
    if (!widest || !seen_errors_) return widest;
    int best = 0;
    for (int finer = 1; finer < kFinerSteps && *widest + finer <= kWidestFraction; ++finer) {
      if (errors_[finer] < errors_[best]) best = finer;
    }
    return *widest + best;
  }

  // What was seen, numbers that are not finite aside; none: there was nothing else.
  std::optional<float> low() const { return seen() ? std::optional(low_) : std::nullopt; }
  std::optional<float> high() const { return seen() ? std::optional(high_) : std::nullopt; }
  std::int64_t not_finite() const { return not_finite_; }
  std::int64_t count() const { return count_; }

 private:
  // The finest step at which nothing seen is clipped.
  std::optional<int> range_fraction() const {
    const bool only_zeros = high_ <= 0 && (low_ >= 0 || codes_.low == 0);
    if (!seen() || only_zeros) return std::nullopt;
    int fraction = kWidestFraction;
    while (fraction > -kWidestFraction && !holds(fraction)) --fraction;
    return fraction;
  }
  bool seen() const { return low_ <= high_; }
  bool holds(int fraction) const {
    const double high = std::nearbyint(std::ldexp(static_cast<double>(high_), fraction));
    const double low = std::nearbyint(std::ldexp(static_cast<double>(low_), fraction));
    // What is below an unsigned range is clipped at any step.
    return high <= codes_.high && (codes_.low == 0 || low >= codes_.low);
  }

  codes codes_;
  float low_ = std::numeric_limits<float>::infinity(), high_ = -low_;
  std::int64_t not_finite_ = 0, count_ = 0;
  double errors_[kFinerSteps] = {};
  bool seen_errors_ = false;
};

}  // namespace calibration
