// Number formats "integer" and "integer_floor": fixed point, k * 2^-frac_width with k of `width`
// bits. "fixed" is integer by its other name. integer rounds to nearest, ties to even k,
// integer_floor to the largest value below (docs/mase.md, Number formats).
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

// One rounding, then one clip at bounds that are integers; NaN passes both comparisons. Scales are
// powers of two: both products are exact, but that x * scale may vanish, and its floor with it:
// then it is `below`. Adding `zero` makes +0 of -0, which has no code; -0 leaves it as it is.
struct Fixed {
  float scale, step, zero, below;
  Codes codes;
};

LATHE_KERNEL
void round_to_nearest(const float* x, float* y, std::uint64_t count, Fixed to) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float k = __builtin_rintf(x[i] * to.scale);
    k = k < to.codes.low ? to.codes.low : k;
    k = k > to.codes.high ? to.codes.high : k;
    y[i] = k * to.step + to.zero;
  }
}

LATHE_KERNEL
void round_down(const float* x, float* y, std::uint64_t count, Fixed to) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float k = __builtin_floorf(x[i] * to.scale);
    k = x[i] < 0.0F && k == 0.0F ? to.below : k;
    k = k < to.codes.low ? to.codes.low : k;
    k = k > to.codes.high ? to.codes.high : k;
    y[i] = k * to.step + to.zero;
  }
}

constexpr int kWidestFraction = 64;

struct Nearest {
  static constexpr const char* details =
      "Values are `k * 2^-frac_width` with integers k: from `-2^(width-1)` to `2^(width-1) - 1`, "
      "without sign from 0 to `2^width - 1`. x becomes the nearest value, of two equally near ones "
      "that with even k; what lies beyond the ends, infinities too, becomes the end. NaN stays "
      "NaN. "
      "The gradient passes straight through. Codes are the k.\n\n"
      "Source: MASE (`integer`, by its other name `fixed`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'quantize<by=type,linear={name=integer,data_in_width=8,weight_width=4},calibration=range>'`";
  static void quantize(const float* x, float* y, std::uint64_t count, const Fixed& to) {
    round_to_nearest(x, y, count, to);
  }
  static double code(double k) { return std::nearbyint(k); }
};
struct Down {
  static constexpr const char* details =
      "Values and codes are those of `integer`; x becomes the largest value that is not above "
      "it.\n\n"
      "Source: MASE (`integer_floor`).\n\n"
      "Example: `lathe format 'integer_floor<width=4,frac_width=2>'`";
  static void quantize(const float* x, float* y, std::uint64_t count, const Fixed& to) {
    round_down(x, y, count, to);
  }
  static double code(double k) { return std::floor(k); }
};

template <class Rounding>
class Integer {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details = Rounding::details;
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
      : width_(static_cast<int>(o.integer("width"))),
        frac_width_(static_cast<int>(o.integer_or("frac_width", width_ / 2))),
        is_open_(!o.has("frac_width")),
        is_signed_(o.boolean("is_signed")),
        mase_compat_(o.boolean("mase_compat")) {}

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const Fixed to = fixed(context.site());
    formats::each(x.data(), y.data(), x.size(),
                  [&](const float* from, float* into, std::uint64_t count) {
                    Rounding::quantize(from, into, count, to);
                  });
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    std::vector<float> values(x.size());
    const Fixed to = fixed(context.site());
    Rounding::quantize(x.data(), values.data(), x.size(), to);
    const std::uint64_t highest =
        ~std::uint64_t{0} >> (64 - width_ + (has_sign(context.site()) ? 1 : 0));
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      if (std::isnan(values[i])) throw lathe::invalid_argument("NaN has no code");
      const double k = std::ldexp(static_cast<double>(values[i]), frac_width_);  // exact
      // The original's clamp may be one above the last code, as floats; both are the same float.
      const bool is_last = k >= static_cast<double>(highest);
      codes[i] = k < 0     ? static_cast<std::int64_t>(k)
                 : is_last ? static_cast<std::int64_t>(highest)
                           : static_cast<std::int64_t>(static_cast<std::uint64_t>(k));
    }
    lathe::integer_codes out;
    out.width = static_cast<std::uint32_t>(width_);
    out.is_signed = has_sign(context.site());
    out.scale = {std::ldexp(1.0, -frac_width_)};
    return out;
  }

  // The finest step at which nothing seen is clipped.
  std::optional<int> fit_axis(const lathe::site&) const {
    return is_open_ ? std::optional<int>(-1) : std::nullopt;
  }
  lathe::value fit(const lathe::site& site, lathe::span<const lathe::seen> seen) const {
    const Codes codes = codes_of(has_sign(site));
    const lathe::seen& range = seen[0];
    const bool only_zeros = range.high <= 0 && (range.low >= 0 || codes.low == 0);
    if (range.low > range.high || only_zeros) return lathe::value::map();
    if (mase_compat_) return lathe::value::map({{"frac_width", original_fraction(range)}});
    int fraction = kWidestFraction;
    while (fraction > -kWidestFraction && !holds(range, codes, fraction)) --fraction;
    return lathe::value::map({{"frac_width", fraction}});
  }

  double storage_bits(const lathe::site& site) const {
    return width_ * static_cast<double>(lathe::element_count(site.shape()));
  }
  // MASE leaves a frac_width that was not given as None here.
  std::vector<lathe::value> precision() const { return {width_, frac_width_}; }

 private:
  bool has_sign(const lathe::site& site) const { return is_signed_ && !site.is_unsigned(); }

  Fixed fixed(const lathe::site& site) const {
    return {std::ldexp(1.0F, frac_width_), std::ldexp(1.0F, -frac_width_),
            mase_compat_ ? -0.0F : 0.0F, mase_compat_ ? -0.0F : -1.0F, codes_of(has_sign(site))};
  }

  static bool holds(const lathe::seen& range, const Codes& codes, int fraction) {
    const double high = Rounding::code(std::ldexp(static_cast<double>(range.high), fraction));
    const double low = Rounding::code(std::ldexp(static_cast<double>(range.low), fraction));
    // What is below an unsigned range is clipped at any step.
    return high <= static_cast<double>(codes.high) &&
           (codes.low == 0 || low >= static_cast<double>(codes.low));
  }

  // The original's rule (`integer_fraction`): so many bits before the point as the larger end has,
  // and one for the sign, but at least one; what is left stands behind it.
  int original_fraction(const lathe::seen& range) const {
    const double peak = std::fmax(std::fabs(static_cast<double>(range.low)),
                                  std::fabs(static_cast<double>(range.high)));
    const int before = static_cast<int>(std::log2(std::fmax(0.5, peak))) + 2;
    return before < width_ ? width_ - before : 0;
  }

  Codes codes_of(bool is_signed) const {
    const double low = is_signed ? -std::ldexp(1.0, width_ - 1) : 0.0;
    // In long double, which holds 2^64 - 1; the step to double rounds towards zero as well.
    const long double exact = std::ldexp(1.0L, is_signed ? width_ - 1 : width_) - 1.0L;
    auto high = static_cast<double>(exact);
    if (static_cast<long double>(high) > exact) high = std::nextafter(high, 0.0);
    // The original clamps at the nearest float, one code too high from 25 bits on.
    return {static_cast<float>(low), mase_compat_ ? static_cast<float>(exact) : towards_zero(high)};
  }

  int width_, frac_width_;
  bool is_open_, is_signed_, mase_compat_;
};

}  // namespace

LATHE_MODULE(lathe::format<Integer<Nearest>>("integer", "1.0.0",
                                             "Fixed point: integers times 2^-frac_width."),
             lathe::format<Integer<Nearest>>("fixed", "1.0.0", "Another name of 'integer'."),
             lathe::format<Integer<Down>>("integer_floor", "1.0.0",
                                          "Fixed point that rounds down to the next value."))
