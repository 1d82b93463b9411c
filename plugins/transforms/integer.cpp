// Number format "integer": fixed point, k * 2^-frac_width with k of `width` bits. "fixed" is the
// same by its other name. Rounds to nearest, ties to even k (docs/mase.md, Number formats).
#include <lathe/lathe.hpp>

#include <cmath>
#include <limits>

#include "kernel.hpp"

namespace {

// The codes that x * scale is limited to, as floats.
struct Codes {
  float low, high;
};

// Rounds towards zero where a float cannot hold the bound: the result stays a value of the format.
float towards_zero(double x) {
  const auto nearest = static_cast<float>(x);
  return std::abs(static_cast<double>(nearest)) > std::abs(x) ? std::nextafter(nearest, 0.0F)
                                                              : nearest;
}

// One clip, one rounding. The bounds are integers, so clipping first changes no result, and NaN
// passes both comparisons. Scales are powers of two: both products are exact.
LATHE_KERNEL
void quantize_fixed(const float* x, float* y, std::uint64_t count, float scale, float step,
                    Codes codes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float k = x[i] * scale;
    k = k < codes.low ? codes.low : k;
    k = k > codes.high ? codes.high : k;
    y[i] = __builtin_rintf(k) * step;
  }
}

class Integer {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value, sign included.")
          .by_default("8")
          .within("1..64")
          .in("bits")
          .tunable(),
      lathe::int_option("frac_width", "Bits behind the binary point; NA is half the width.")
          .nullable()
          .by_default("NA")
          .within("-64..64")
          .in("bits")
          .tunable(),
      lathe::bool_option("is_signed", "Two's complement; ReLU is unsigned in any case.")
          .by_default("true"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit Integer(lathe::options o)
      : width_(o.integer("width")),
        frac_width_(o.integer_or("frac_width", width_ / 2)),
        is_signed_(o.boolean("is_signed")),
        mase_compat_(o.boolean("mase_compat")) {}

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const auto frac_width = static_cast<int>(frac_width_);
    quantize_fixed(x.data(), y.data(), x.size(), std::ldexp(1.0F, frac_width),
                   std::ldexp(1.0F, -frac_width), codes(is_signed_ && !context.is_unsigned()));
  }

  double storage_bits(lathe::shape shape) const {
    return static_cast<double>(width_) * static_cast<double>(lathe::element_count(shape));
  }
  // MASE leaves a frac_width that was not given as None here.
  std::vector<lathe::value> precision() const { return {width_, frac_width_}; }

 private:
  Codes codes(bool is_signed) const {
    const auto width = static_cast<int>(width_);
    const double low = is_signed ? -std::ldexp(1.0, width - 1) : 0.0;
    // In long double, which holds 2^64 - 1; the step to double rounds towards zero as well.
    const long double exact = std::ldexp(1.0L, is_signed ? width - 1 : width) - 1.0L;
    auto high = static_cast<double>(exact);
    if (static_cast<long double>(high) > exact) high = std::nextafter(high, 0.0);
    // The original clamps at the nearest float, one code too high from 25 bits on.
    return {static_cast<float>(low), mase_compat_ ? static_cast<float>(exact) : towards_zero(high)};
  }

  std::int64_t width_, frac_width_;
  bool is_signed_, mase_compat_;
};

}  // namespace

LATHE_MODULE(lathe::format<Integer>("integer", "1.0.0",
                                    "Fixed point: integers times 2^-frac_width."),
             lathe::format<Integer>("fixed", "1.0.0", "Another name of 'integer'."))
