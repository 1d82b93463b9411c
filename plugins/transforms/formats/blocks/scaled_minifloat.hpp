// Rules of formats whose blocks hold minifloats times one power of two: block_minifloat and mxfp
// differ in how it follows from the largest magnitude.
#pragma once

#include <cmath>

#include "exponent.hpp"

namespace formats {

// The power of a block is floor(log2(largest)) - below, limited; its values are those of `grid`
// (minifloat.hpp) times 2^power, as far as float32 holds them.
struct ScaledMinifloats {
  Grid grid;
  int below, least, most;

  int power(int floor_log2) const { return std::min(std::max(floor_log2 - below, least), most); }
};

// What the rounder of a block has of its own. In float it is lifted to where no value that the
// format tells from 0 is subnormal.
template <class Float>
struct RounderOfBlock {
  typename Ieee<Float>::Signed full, largest;
  Float magic, lift, lower;
};

template <class Float>
RounderOfBlock<Float> rounder_of_block(const ScaledMinifloats& blocks, int floor_log2) {
  const Grid grid = held_by_float(times_power(blocks.grid, blocks.power(floor_log2)));
  const int first = grid.lowest + grid.mantissa_bits;
  const int lift = sizeof(Float) != sizeof(float) ? 0
                   : first < -126                 ? -126 - first
                   : grid.lowest > 100            ? -32
                                                  : 0;
  const Rounder<Float> rounder(times_power(grid, lift));
  return {rounder.full, rounder.largest, rounder.magic, static_cast<Float>(std::ldexp(1.0, lift)),
          static_cast<Float>(std::ldexp(1.0, -lift))};
}

template <class Float>
FORMATS_INLINE void round_minifloats(const float* x, float* y, Panel panel,
                                     const RounderOfBlock<Float>* shared,
                                     const Rounder<Float>& rounder) {
  in_blocks(
      x, y, panel, shared,
      [rounder](float v, const RounderOfBlock<Float>& of) __attribute__((always_inline)) {
        Rounder<Float> own = rounder;
        own.full = of.full;
        own.largest = of.largest;
        own.magic = of.magic;
        const Float lifted = static_cast<Float>(v) * of.lift;
        return static_cast<float>(own.template operator()<Direction::nearest>(lifted) * of.lower);
      });
}
[[maybe_unused]] LATHE_KERNEL static void round_minifloats_in_float(
    const float* x, float* y, Panel panel, const RounderOfBlock<float>* shared,
    Rounder<float> rounder) {
  round_minifloats(x, y, panel, shared, rounder);
}
[[maybe_unused]] LATHE_KERNEL static void round_minifloats_in_double(
    const float* x, float* y, Panel panel, const RounderOfBlock<double>* shared,
    Rounder<double> rounder) {
  round_minifloats(x, y, panel, shared, rounder);
}

// Rounds tensors; in double where the binades of a block may be more than float's normal ones.
class MinifloatRounding {
 public:
  MinifloatRounding(const ScaledMinifloats& blocks, bool in_double)
      : in_double_(in_double),
        narrow_(blocks, !in_double),
        wide_(blocks, in_double),
        powers_(0, [&](int e) { return blocks.power(e); }) {}

  void quantize(const BlockGrid& grid, const float* x, float* y, std::uint64_t count) const {
    if (in_double_) {
      quantize_blocks(grid, x, y, count, wide_);
    } else {
      quantize_blocks(grid, x, y, count, narrow_);
    }
  }
  std::vector<int> powers(const BlockGrid& grid, const float* x) const {
    return shared_by_blocks(grid, x, powers_);
  }

 private:
  // All rounders have the bits of the mantissa in common.
  template <class Float>
  struct Rule : ExponentTable<RounderOfBlock<Float>> {
    Rule(const ScaledMinifloats& blocks, bool is_used)
        : ExponentTable<RounderOfBlock<Float>>(0,
                                               [&](int e) {
                                                 return is_used ? rounder_of_block<Float>(blocks, e)
                                                                : RounderOfBlock<Float>{};
                                               }),
          rounder(Grid{std::min(blocks.grid.mantissa_bits, 23), 0, 1.0}) {}
    void apply(const float* x, float* y, Panel panel, const RounderOfBlock<Float>* shared) const {
      if constexpr (sizeof(Float) == sizeof(float)) {
        round_minifloats_in_float(x, y, panel, shared, rounder);
      } else {
        round_minifloats_in_double(x, y, panel, shared, rounder);
      }
    }
    Rounder<Float> rounder;
  };

  bool in_double_;
  Rule<float> narrow_;
  Rule<double> wide_;
  ExponentTable<int> powers_;
};

// Codes are the stored bits of an element; `table` has the levels at power 0.
template <class Code>
lathe::integer_codes codes_of_scaled(const BlockGrid& grid, const Extents& block,
                                     const std::vector<int>& powers, lathe::integer_codes table,
                                     lathe::span<const float> values,
                                     lathe::span<std::int64_t> codes, Code code) {
  table.block_shape = block;
  table.scale.clear();
  for (const int power : powers) table.scale.push_back(std::ldexp(1.0, power));
  const std::int64_t half = std::int64_t{1} << (table.width - 1);
  for_each_element(grid, [&](std::uint64_t i, std::uint64_t b) {
    const double size = std::fabs(static_cast<double>(values[i]));
    if (std::isnan(size)) throw lathe::invalid_argument("NaN has no code");
    const std::int64_t magnitude = code(std::ldexp(size, -powers[b]));
    codes[i] = magnitude + (std::signbit(values[i]) ? half : 0);
  });
  return table;
}

}  // namespace formats
