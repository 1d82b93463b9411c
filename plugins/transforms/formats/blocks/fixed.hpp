// Rules of formats whose blocks hold integers times one power of two: block_fp, mxint and
// mxint_hardware differ in how the exponent follows from the largest magnitude.
#pragma once

#include <cmath>

#include "exponent.hpp"

namespace formats {

// The exponent of a block is floor(log2(largest)), with `carry` added to the bits of `largest`
// before, plus `offset`; then it is limited. A step is 2^(exponent - drop).
struct FixedBlocks {
  std::int32_t carry;
  int offset, least, most;
  int drop;
  double low, high;  // integers that k is limited to

  int step_exponent(int floor_log2) const {
    const int exponent = std::min(std::max(floor_log2 + offset, least), most) - drop;
    // A finer step than float32's finest rounds nothing; with a larger one than this all is 0.
    return std::min(std::max(exponent, -149), 129);
  }
  // Towards zero to a float; multiples of a step stay such.
  static double held(double x) {
    const auto largest = static_cast<double>(float_of(kLargestFinite));
    const auto near = static_cast<float>(std::min(std::max(x, -largest), largest));
    const bool is_beyond = std::fabs(static_cast<double>(near)) > std::fabs(x);
    return static_cast<double>(is_beyond ? std::nextafter(near, 0.0F) : near);
  }
  // The largest multiples of a step that k and float32 allow.
  double lowest(double step) const { return -held_multiple(-low, step); }
  double highest(double step) const { return held_multiple(high, step); }

 private:
  static double held_multiple(double k, double step) {
    return std::floor(held(k * step) / step) * step;
  }
};

// What the arithmetic needs of a block. Adding and taking off `magic`, whose last bit is worth a
// step, rounds. In float a block is lifted to where no step is subnormal and nothing overflows.
struct FixedInFloat {
  float low, high, magic, lift, lower;
};
struct FixedInDouble {
  double low, high, magic;
};

inline FixedInFloat fixed_in_float(const FixedBlocks& blocks, int floor_log2) {
  const int exponent = blocks.step_exponent(floor_log2);
  const double step = std::ldexp(1.0, exponent);
  const int lift = exponent > 80 ? -32 : exponent < -60 ? 64 : 0;
  const double by = std::ldexp(1.0, lift);
  return {static_cast<float>(blocks.lowest(step) * by),
          static_cast<float>(blocks.highest(step) * by), static_cast<float>(step * by * 0x1.8p23),
          static_cast<float>(by), static_cast<float>(1 / by)};
}
inline FixedInDouble fixed_in_double(const FixedBlocks& blocks, int floor_log2) {
  const double step = std::ldexp(1.0, blocks.step_exponent(floor_log2));
  return {blocks.lowest(step), blocks.highest(step), step * 0x1.8p52};
}

[[maybe_unused]] LATHE_KERNEL static void round_fixed_in_float(const float* x, float* y,
                                                               Panel panel,
                                                               const FixedInFloat* shared) {
  in_blocks(x, y, panel, shared,
            [](float v, const FixedInFloat& of) __attribute__((always_inline)) {
              float k = v * of.lift;
              k = k < of.low ? of.low : k;
              k = k > of.high ? of.high : k;
              return ((k + of.magic) - of.magic) * of.lower;
            });
}
[[maybe_unused]] LATHE_KERNEL static void round_fixed_in_double(const float* x, float* y,
                                                                Panel panel,
                                                                const FixedInDouble* shared) {
  in_blocks(x, y, panel, shared,
            [](float v, const FixedInDouble& of) __attribute__((always_inline)) {
              auto k = static_cast<double>(v);
              k = k < of.low ? of.low : k;
              k = k > of.high ? of.high : k;
              return static_cast<float>((k + of.magic) - of.magic);
            });
}

// Rounds tensors; float arithmetic where it holds all k.
class FixedRounding {
 public:
  explicit FixedRounding(const FixedBlocks& blocks)
      : blocks_(blocks),
        narrow_{{blocks.carry,
                 [&](int e) { return is_narrow() ? fixed_in_float(blocks, e) : FixedInFloat{}; }}},
        wide_{{blocks.carry, [&](int e) { return fixed_in_double(blocks, e); }}},
        steps_(blocks.carry, [&](int e) { return blocks.step_exponent(e); }) {}

  void quantize(const BlockGrid& grid, const float* x, float* y, std::uint64_t count) const {
    if (is_narrow()) {
      quantize_blocks(grid, x, y, count, narrow_);
    } else {
      quantize_blocks(grid, x, y, count, wide_);
    }
  }
  // Of steps, block by block.
  std::vector<int> exponents(const BlockGrid& grid, const float* x) const {
    return shared_by_blocks(grid, x, steps_);
  }

 private:
  struct Narrow : ExponentTable<FixedInFloat> {
    void apply(const float* x, float* y, Panel panel, const Shared* shared) const {
      round_fixed_in_float(x, y, panel, shared);
    }
  };
  struct Wide : ExponentTable<FixedInDouble> {
    void apply(const float* x, float* y, Panel panel, const Shared* shared) const {
      round_fixed_in_double(x, y, panel, shared);
    }
  };

  bool is_narrow() const { return blocks_.high < 0x1p22; }

  FixedBlocks blocks_;
  Narrow narrow_;
  Wide wide_;
  ExponentTable<int> steps_;
};

// Codes are the k of values that are multiples of 2^exponent of their block.
inline lathe::integer_codes codes_of_fixed(const BlockGrid& grid, const Extents& block,
                                           const std::vector<int>& exponents, int width,
                                           lathe::span<const float> values,
                                           lathe::span<std::int64_t> codes) {
  lathe::integer_codes out;
  out.width = static_cast<std::uint32_t>(width);
  out.block_shape = block;
  out.scale.clear();
  for (const int exponent : exponents) out.scale.push_back(std::ldexp(1.0, exponent));
  for_each_element(grid, [&](std::uint64_t i, std::uint64_t b) {
    if (std::isnan(values[i])) throw lathe::invalid_argument("NaN has no code");
    const double k = std::ldexp(static_cast<double>(values[i]), -exponents[b]);
    codes[i] = static_cast<std::int64_t>(k);
  });
  return out;
}

}  // namespace formats
