// What the original computes for a block format, in its order and its precision (docs/mase.md):
// float32 but for logarithms, which come out as if they were rounded once from double.
#pragma once

#include <cmath>
#include <limits>

#include "block_option.hpp"
#include "kernels.hpp"

namespace formats {

constexpr float kOriginalSmall = 1e-9F, kOriginalLeft = 1e-8F;

inline float original_log2(float x) {
  return static_cast<float>(std::log2(static_cast<double>(x)));
}
inline float original_sign(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : x; }
// Limits a logarithm that may be infinite.
inline int original_exponent(float rounded_log, int low, int high) {
  return rounded_log <= static_cast<float>(low)    ? low
         : rounded_log >= static_cast<float>(high) ? high
                                                   : static_cast<int>(rounded_log);
}
inline float original_code(float k, float low, float high) {
  const float nearest = std::nearbyint(k);
  return nearest < low ? low : nearest > high ? high : nearest;
}

// Bits of a block's largest magnitude as they are.
struct Largest {
  using Shared = float;
  void share(const std::int32_t* largest, float* shared, std::uint64_t count) const {
    for (std::uint64_t b = 0; b < count; ++b) shared[b] = float_of(largest[b]);
  }
};

// y[i] = one(x[i], largest magnitude of its block).
template <class One>
void original_blocks(const BlockGrid& grid, const float* x, float* y,
                     const std::vector<float>& largest, One one) {
  for_each_element(grid, [&](std::uint64_t i, std::uint64_t b) { y[i] = one(x[i], largest[b]); });
}

// The same as the original's block_fp, block_minifloat and block_log have it: blocks of zeros go by
// the smallest maximum of the others, or 1.
template <class One>
void original_on_site(const BlockOption& option, const lathe::site& site,
                      lathe::tensor<const float> x, lathe::tensor<float> y, One one) {
  Extents shape = to_extents(x.shape());
  const Extents block = option.original_extents(site, shape);
  const BlockGrid grid(lathe::shape(shape.data(), shape.size()), block);
  std::vector<float> largest = shared_by_blocks(grid, x.data(), Largest{});
  float least = std::numeric_limits<float>::infinity();
  for (const float of : largest) least = of > 0 && of < least ? of : least;
  if (std::isinf(least)) least = 1.0F;
  for (float& of : largest) of = of == 0 ? least : of;
  // Blocks of two dimensions are put together again by sums, which lose the sign of zeros.
  const float zero = option.original_dimensions(site, shape) > 1 ? 0.0F : -0.0F;
  original_blocks(grid, x.data(), y.data(), largest,
                  [&](float v, float of) { return one(v, of) + zero; });
}

[[noreturn]] inline void no_codes_of_the_original() {
  throw lathe::error(
      LATHE_UNIMPLEMENTED,
      "with mase_compat there are no codes: the original leaves some values that are "
      "none of the format; codes come without mase_compat");
}

}  // namespace formats
