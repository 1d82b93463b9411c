// Rounding to small floating-point formats on the bits of floats: plain loops without a library
// call, which the compiler vectorises. Knows nothing about options. What is called from a kernel
// (kernel.hpp) is inlined into it, so that it is compiled for the kernel's vector width.
#pragma once

#include <cstdint>
#include <cstring>

#define FORMATS_INLINE inline __attribute__((always_inline))

namespace formats {

template <class Float>
struct Ieee;
template <>
struct Ieee<float> {
  using Bits = std::uint32_t;
  using Signed = std::int32_t;
  static constexpr int kMantissa = 23, kBias = 127;
  // Of the first float above sqrt(2): what is not below it lies nearer to 2 than to 1 in log2.
  static constexpr Bits kRootOfTwo = 0x3504F4;
};
template <>
struct Ieee<double> {
  using Bits = std::uint64_t;
  using Signed = std::int64_t;
  static constexpr int kMantissa = 52, kBias = 1023;
  static constexpr Bits kRootOfTwo = 0x6A09E667F3BCD;
};

template <class To, class From>
FORMATS_INLINE To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// 2^exponent. REQUIRES: a normal number of that type.
template <class Float>
FORMATS_INLINE Float power_of_two(int exponent) {
  using Of = Ieee<Float>;
  return bits_as<Float>(static_cast<typename Of::Bits>(exponent + Of::kBias) << Of::kMantissa);
}

// Exponents of the least and the largest power of two that float32 holds.
constexpr int kLeastPower = -149, kLargestPower = 127;

// What a format of sign and magnitude holds: 0 and, in every binade [2^E, 2^(E+1)), the multiples
// of 2^max(E - mantissa_bits, lowest), up to `largest`, which is one of them.
struct Grid {
  int mantissa_bits;
  int lowest;
  double largest;
};

// 2^E * (1 + k / 2^m) for E from 1 - bias to `top`, and 2^(1 - bias) * k / 2^m below.
FORMATS_INLINE Grid grid_with_implicit_one(int mantissa_bits, int bias, int top) {
  return {mantissa_bits, 1 - bias - mantissa_bits,
          power_of_two<double>(top) * (2 - power_of_two<double>(-mantissa_bits))};
}
// 2^E * k / 2^m for E from -bias to `top`: in a binade, the multiples that the least E above has.
FORMATS_INLINE Grid grid_without_implicit_one(int mantissa_bits, int bias, int top) {
  return {mantissa_bits - 1, -bias - mantissa_bits,
          power_of_two<double>(top) * (1 - power_of_two<double>(-mantissa_bits))};
}
// All values times 2^exponent.
FORMATS_INLINE Grid times_power(const Grid& grid, int exponent) {
  return {grid.mantissa_bits, grid.lowest + exponent,
          grid.largest * power_of_two<double>(exponent)};
}

// Those values of a grid that float32 holds. REQUIRES: one of them is not 0.
FORMATS_INLINE Grid held_by_float(const Grid& grid) {
  Grid held = grid;
  if (held.mantissa_bits > 23) held.mantissa_bits = 23;
  if (held.lowest < kLeastPower) held.lowest = kLeastPower;
  // The largest in the binade of 2^127, or in its own, cut off behind its last bit.
  const double end = power_of_two<double>(kLargestPower + 1);
  const auto bits = bits_as<std::uint64_t>(held.largest);
  const std::uint64_t below_end = bits_as<std::uint64_t>(end) - 1;
  const std::uint64_t least = bits < below_end ? bits : below_end;
  const int exponent = static_cast<int>(least >> 52) - 1023;
  const int last =
      exponent - held.mantissa_bits > held.lowest ? exponent - held.mantissa_bits : held.lowest;
  held.largest = bits_as<double>(least & ~((std::uint64_t{1} << (52 - exponent + last)) - 1));
  return held;
}

enum class Direction { nearest, to_zero, up, down };

// A grid as the bits of Float see it.
template <class Float>
struct Rounder {
  using Of = Ieee<Float>;
  using Bits = typename Of::Bits;
  using Signed = typename Of::Signed;

  int shift;       // bits of a mantissa that are cut off
  Bits half, odd;  // added before, the second where the last bit that stays is 1
  Bits kept;
  Signed full;  // magnitudes from here on have all bits of their mantissa
  Signed largest;
  Float magic;  // whose last bit is worth 2^lowest
  Float step;   // 2^lowest

  // REQUIRES: held_by_float() gave it; for float, of_float().
  FORMATS_INLINE explicit Rounder(const Grid& grid) {
    shift = Of::kMantissa - grid.mantissa_bits;
    const Bits unit = Bits{1} << shift;
    // Without mantissa the last bit is the implicit one: ties go up.
    const bool is_whole = shift == 0, is_bare = grid.mantissa_bits == 0;
    half = is_whole ? 0 : unit / 2 - (is_bare ? 0 : 1);
    odd = is_whole || is_bare ? 0 : 1;
    kept = ~(unit - 1);
    full =
        static_cast<Signed>(bits_as<Bits>(power_of_two<Float>(grid.lowest + grid.mantissa_bits)));
    largest = static_cast<Signed>(bits_as<Bits>(static_cast<Float>(grid.largest)));
    magic = power_of_two<Float>(grid.lowest + Of::kMantissa);
    step = static_cast<Float>(power_of_two<double>(grid.lowest));
  }

  // Whether float arithmetic will do: the steps stand above its own subnormals.
  static FORMATS_INLINE bool of_float(const Grid& grid) {
    return grid.lowest + 23 <= kLargestPower && grid.lowest + grid.mantissa_bits >= -126;
  }

  template <Direction direction>
  FORMATS_INLINE Float operator()(Float x) const {
    constexpr Bits sign_bit = Bits{1} << (8 * sizeof(Bits) - 1);
    constexpr auto infinite =
        static_cast<Signed>(static_cast<Bits>(2 * Of::kBias + 1) << Of::kMantissa);
    const Bits sign = bits_as<Bits>(x) & sign_bit;
    const Bits magnitude = bits_as<Bits>(x) & ~sign_bit;
    const Float size = bits_as<Float>(magnitude);
    const auto whole = static_cast<Signed>(magnitude);
    Bits cut;
    Float low = (size + magic) - magic;  // nearest multiple of the lowest step, ties to even
    if constexpr (direction == Direction::nearest) {
      cut = (magnitude + half + ((magnitude >> shift) & odd)) & kept;
    } else {
      // Away from zero where the direction has x's sign.
      const Bits away = direction == Direction::to_zero ? 0
                        : direction == Direction::up    ? (sign != 0 ? Bits{0} : ~Bits{0})
                                                        : (sign != 0 ? ~Bits{0} : Bits{0});
      cut = (magnitude + (~kept & away)) & kept;
      const Float below = low > size ? low - step : low;
      const Float above = low < size ? low + step : low;
      low = away != 0 ? above : below;
    }
    auto result = whole < full ? static_cast<Signed>(bits_as<Bits>(low)) : static_cast<Signed>(cut);
    result = result < largest ? result : largest;
    result = whole > infinite ? whole : result;  // NaN stays NaN
    return bits_as<Float>(static_cast<Bits>(result) | sign);
  }
};

// y[0, count) = values of the grid; y may be x. REQUIRES: held_by_float() gave the grid.
template <Direction direction = Direction::nearest>
FORMATS_INLINE void round_to_grid(const float* x, float* y, std::uint64_t count, const Grid& grid) {
  if (Rounder<float>::of_float(grid)) {
    const Rounder<float> rounder(grid);
    for (std::uint64_t i = 0; i < count; ++i) {
      y[i] = rounder.template operator()<direction>(x[i]);
    }
  } else {
    const Rounder<double> rounder(grid);
    for (std::uint64_t i = 0; i < count; ++i) {
      y[i] = static_cast<float>(rounder.template operator()<direction>(static_cast<double>(x[i])));
    }
  }
}

// Signed powers of two: the nearest exponent to log2 of abs(x) from `least` to `largest`, bits of
// two powers of two of Float. Zeros are positive.
template <class Float>
FORMATS_INLINE Float nearest_power(Float x, typename Ieee<Float>::Signed least,
                                   typename Ieee<Float>::Signed largest) {
  using Of = Ieee<Float>;
  using Bits = typename Of::Bits;
  using Signed = typename Of::Signed;
  constexpr Bits sign_bit = Bits{1} << (8 * sizeof(Bits) - 1);
  constexpr Bits binade = Bits{1} << Of::kMantissa;
  constexpr auto infinite = static_cast<Signed>(static_cast<Bits>(2 * Of::kBias + 1) * binade);
  const Bits magnitude = bits_as<Bits>(x) & ~sign_bit;
  const auto whole = static_cast<Signed>(magnitude);
  const Bits sign = whole == 0 ? 0 : bits_as<Bits>(x) & sign_bit;
  auto result = static_cast<Signed>((magnitude + (binade - Of::kRootOfTwo)) & ~(binade - 1));
  result = result > least ? result : least;
  result = result < largest ? result : largest;
  result = whole > infinite ? whole : result;  // NaN stays NaN
  return bits_as<Float>(static_cast<Bits>(result) | sign);
}

// y[0, count) = signed powers of two with exponents from `least` to `largest`; y may be x.
// REQUIRES: kLeastPower <= least <= largest <= kLargestPower.
FORMATS_INLINE void round_to_powers(const float* x, float* y, std::uint64_t count, int least,
                                    int largest) {
  if (least >= -126) {
    const auto low = bits_as<std::int32_t>(power_of_two<float>(least));
    const auto high = bits_as<std::int32_t>(power_of_two<float>(largest));
    for (std::uint64_t i = 0; i < count; ++i) y[i] = nearest_power(x[i], low, high);
  } else {
    const auto low = bits_as<std::int64_t>(power_of_two<double>(least));
    const auto high = bits_as<std::int64_t>(power_of_two<double>(largest));
    for (std::uint64_t i = 0; i < count; ++i) {
      y[i] = static_cast<float>(nearest_power(static_cast<double>(x[i]), low, high));
    }
  }
}

// Codes of the values of a grid with an implicit one: exponent, then mantissa, without the sign.
// REQUIRES: `size` is one of them, not held_by_float()'s.
inline std::int64_t code_with_implicit_one(double size, int mantissa_bits, int lowest) {
  if (size < power_of_two<double>(lowest + mantissa_bits)) {
    return static_cast<std::int64_t>(size * power_of_two<double>(-lowest));
  }
  const int exponent = static_cast<int>(bits_as<std::uint64_t>(size) >> 52) - 1023;
  const auto k = static_cast<std::int64_t>(size * power_of_two<double>(mantissa_bits - exponent));
  return (std::int64_t{exponent - lowest - mantissa_bits} << mantissa_bits) + k;
}
inline double level_with_implicit_one(std::int64_t code, int mantissa_bits, int lowest) {
  const std::int64_t k = code & ((std::int64_t{1} << mantissa_bits) - 1);
  const int field = static_cast<int>(code >> mantissa_bits);
  if (field == 0) return static_cast<double>(k) * power_of_two<double>(lowest);
  return static_cast<double>(k + (std::int64_t{1} << mantissa_bits)) *
         power_of_two<double>(lowest + field - 1);
}

}  // namespace formats
