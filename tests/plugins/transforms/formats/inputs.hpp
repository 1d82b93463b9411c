// Tensors that formats are tried on.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace lathe_test {

// All 65,536 half-precision numbers, infinities and NaNs among them.
inline std::vector<float> all_halves() {
  std::vector<float> out;
  for (int bits = 0; bits < 65536; ++bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 0    ? std::ldexp(fraction, -24)
                  : exponent == 31 ? std::numeric_limits<double>::infinity()
                                   : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31 && fraction != 0) size = std::numeric_limits<double>::quiet_NaN();
    out.push_back(static_cast<float>(bits < 32768 ? size : -size));
  }
  return out;
}

// Those that are finite.
inline std::vector<float> finite_halves() {
  std::vector<float> out;
  for (const float x : all_halves()) {
    if (std::isfinite(x)) out.push_back(x);
  }
  return out;
}

inline std::vector<float> normal_floats(std::size_t count, unsigned seed, float deviation = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> out(count);
  for (float& x : out) x = normal(random);
  return out;
}

// Of magnitudes from 2^-12 to 2^12.
inline std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::vector<float> out = normal_floats(count, seed);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = std::ldexp(out[i], static_cast<int>(i % 25) - 12);
  return out;
}

}  // namespace lathe_test
