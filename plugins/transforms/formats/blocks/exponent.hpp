// What blocks share, looked up by the exponent of their largest magnitude.
#pragma once

#include <array>

#include "../minifloat.hpp"
#include "kernels.hpp"

namespace formats {

// floor(log2) of a magnitude, given and changed as bits: `carry` is added to its 23 bits of
// mantissa before. Floats are not subnormal here: the exponent goes on below.
FORMATS_INLINE int floor_log2_bits(std::int32_t magnitude, std::int32_t carry) {
  const std::int32_t lifted = bits_of(static_cast<float>(magnitude)) - (149 << 23);
  return (((magnitude < (1 << 23) ? lifted : magnitude) + carry) >> 23) - 127;
}

// A Shared for each exponent that a block's largest magnitude can have.
template <class SharedOf>
class ExponentTable {
 public:
  using Shared = SharedOf;
  static constexpr int kOfZero = -150, kMost = 128;

  // of(exponent) makes the entries; that of a block of zeros is of(kOfZero).
  template <class Of>
  ExponentTable(std::int32_t carry, Of of) : carry_(carry) {
    for (int e = kOfZero; e <= kMost; ++e) table_[static_cast<std::size_t>(e - kOfZero)] = of(e);
  }
  const Shared& of(std::int32_t largest) const {
    const int exponent = std::max(floor_log2_bits(largest, carry_), kOfZero);
    return table_[static_cast<std::size_t>(exponent - kOfZero)];
  }
  void share(const std::int32_t* largest, Shared* shared, std::uint64_t blocks) const {
    for (std::uint64_t b = 0; b < blocks; ++b) shared[b] = of(largest[b]);
  }

 private:
  std::int32_t carry_;
  std::array<Shared, kMost - kOfZero + 1> table_ = {};
};

}  // namespace formats
