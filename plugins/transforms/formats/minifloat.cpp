// Number formats "minifloat_ieee" and "minifloat_denorm": sign, exponent and mantissa without codes
// for infinity or NaN, the mantissa with or without an implicit one. "minifloat_simple" is
// minifloat_denorm by its other name.
#include <lathe/lathe.hpp>

#include <cmath>
#include <limits>

#include "kernel.hpp"
#include "minifloat.hpp"
#include "table_codes.hpp"

namespace {

LATHE_KERNEL
void round_all(const float* x, float* y, std::uint64_t count, formats::Grid to) {
  formats::round_to_grid(x, y, count, to);
}

// Bits of the parts; E goes up to `top`.
struct Layout {
  int exponent_width, mantissa_width, bias;
  int top() const { return (1 << exponent_width) - 1 - bias; }
};

// What the original computes, in its order and its precision (docs/mase.md): float32 but for the
// logarithm, which comes out as if it was rounded once from double.
struct Compat {
  static constexpr float kSmall = 1e-9F, kLeft = 1e-8F;
  static float log2(float x) { return static_cast<float>(std::log2(static_cast<double>(x))); }
  static float sign(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F; }
  static int exponent(float rounded_log, int low, int high) {
    return rounded_log <= static_cast<float>(low)    ? low
           : rounded_log >= static_cast<float>(high) ? high
                                                     : static_cast<int>(rounded_log);
  }
  static float code(float x, const Layout& in) {
    const float high = std::ldexp(1.0F, in.mantissa_width) - 1.0F;
    const float k = std::nearbyint(x);
    return k < 0 ? 0.0F : k > high ? high : k;
  }
};

struct ImplicitOne {
  static constexpr const char* details =
      "With m = width - exponent_width - 1 bits of mantissa, values are `±2^E * (1 + k / 2^m)` for "
      "E "
      "from `1 - exponent_bias` to `2^exponent_width - 1 - exponent_bias`, and below them "
      "`±2^(1 - exponent_bias) * k / 2^m`; k from 0 to `2^m - 1`. No code stands for infinity or "
      "NaN. x becomes the nearest value, of two equally near ones that with even k, and rounds up "
      "into the next binade where that is nearer; what lies beyond the largest value, infinities "
      "too, becomes that. NaN stays NaN, and zeros keep their sign. Values that no float32 holds "
      "are left out. The gradient passes straight through. Codes are the stored bits: sign, "
      "exponent, mantissa.\n\n"
      "Source: MASE (`minifloat_ieee`), with IEEE 754's rounding and gradual underflow.\n\n"
      "Example: `lathe format 'minifloat_ieee<width=8,exponent_width=4>'`";
  static formats::Grid grid(const Layout& in) {
    return formats::grid_with_implicit_one(in.mantissa_width, in.bias, in.top());
  }
  static std::int64_t code(const Layout& in, double size) {
    return formats::code_with_implicit_one(size, in.mantissa_width,
                                           1 - in.bias - in.mantissa_width);
  }
  static double level(const Layout& in, std::int64_t code) {
    return formats::level_with_implicit_one(code, in.mantissa_width,
                                            1 - in.bias - in.mantissa_width);
  }
  static float original(float x, const Layout& in) {
    const float size = std::fabs(x);
    const int e =
        Compat::exponent(std::floor(Compat::log2(size + Compat::kSmall)), -in.bias, in.top());
    const float scaled = std::ldexp(std::ldexp(size, -e), in.mantissa_width);
    const float one = std::ldexp(1.0F, in.mantissa_width);
    const float mantissa =
        e == -in.bias ? 2 * Compat::code(scaled / 2, in) : one + Compat::code(scaled - one, in);
    return Compat::sign(x + Compat::kSmall) * std::ldexp(mantissa, e - in.mantissa_width);
  }
};

struct NoImplicitOne {
  static constexpr const char* details =
      "With m = width - exponent_width - 1 bits of mantissa, values are `±2^E * k / 2^m` for E "
      "from "
      "`-exponent_bias` to `2^exponent_width - 1 - exponent_bias` and k from 0 to `2^m - 1`: "
      "without an implicit one, so most values have several codes. x becomes the nearest value of "
      "all E together; of two equally near ones that with even k in the grid of the largest E that "
      "they are multiples in. What lies beyond the largest value, infinities too, becomes that. "
      "NaN stays NaN, and zeros keep their sign. Values that no float32 holds are left out. The "
      "gradient passes straight through. Codes are the stored bits: sign, exponent, mantissa, with "
      "the least exponent that the value has.\n\n"
      "Source: MASE (`minifloat_denorm`, by its older name `minifloat_simple`).\n\n"
      "Example: `lathe format 'minifloat_denorm<width=8,exponent_width=4>'`";
  static formats::Grid grid(const Layout& in) {
    return formats::grid_without_implicit_one(in.mantissa_width, in.bias, in.top());
  }
  static std::int64_t code(const Layout& in, double size) {
    int above = 0;  // size < 2^above
    std::frexp(size, &above);
    const int e = size == 0 || above < -in.bias ? -in.bias : above;
    const double k = std::ldexp(size, in.mantissa_width - e);
    return (std::int64_t{e + in.bias} << in.mantissa_width) + static_cast<std::int64_t>(k);
  }
  static double level(const Layout& in, std::int64_t code) {
    const std::int64_t k = code & ((std::int64_t{1} << in.mantissa_width) - 1);
    const int e = static_cast<int>(code >> in.mantissa_width) - in.bias;
    return std::ldexp(static_cast<double>(k), e - in.mantissa_width);
  }
  static float original(float x, const Layout& in) {
    const float size = std::fabs(x);
    const int e =
        Compat::exponent(std::ceil(Compat::log2(size + Compat::kSmall)), -in.bias, in.top());
    const float k = Compat::code(std::ldexp(std::ldexp(size, -e), in.mantissa_width), in);
    return Compat::sign(x + Compat::kSmall) * std::ldexp(k, e - in.mantissa_width);
  }
};

template <class Kind>
class Minifloat {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details = Kind::details;
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value: sign, exponent and mantissa.")
          .by_default("8")
          .within("3..32")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_width", "Bits of the exponent; those left are the mantissa.")
          .by_default("4")
          .within("1..8")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_bias",
                        "What is taken off the exponent's code; NA is 2^(exponent_width-1) - 1.")
          .nullable()
          .by_default("NA")
          .within("-100..381")
          .tunable(),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit Minifloat(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        in_(layout(o, width_)),
        grid_(formats::held_by_float(Kind::grid(in_))),
        is_open_(!o.has("exponent_bias")),
        mase_compat_(o.boolean("mase_compat")) {}

  void quantize(const lathe::format_context&, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) return original(x, y);
    formats::each(x.data(), y.data(), x.size(),
                  [&](const float* from, float* into, std::uint64_t count) {
                    round_all(from, into, count, grid_);
                  });
  }

  lathe::integer_codes codes(const lathe::format_context&, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    lathe::integer_codes table = formats::level_table(width_, [&](std::int64_t code) {
      const double level = Kind::level(in_, code);
      return level < grid_.largest ? level : grid_.largest;
    });
    std::vector<float> values(x.size());
    if (mase_compat_) {
      original(x, lathe::span<float>(values.data(), values.size()));
    } else {
      round_all(x.data(), values.data(), x.size(), grid_);
    }
    formats::codes_in_table(values, table, codes,
                            [&](double size) { return Kind::code(in_, size); });
    return table;
  }

  // The largest bias with which the largest value is not below what was seen.
  std::optional<int> fit_axis(const lathe::site&) const {
    return is_open_ ? std::optional<int>(-1) : std::nullopt;
  }
  lathe::value fit(const lathe::site&, lathe::span<const lathe::seen> seen) const {
    const double peak = std::fmax(std::fabs(static_cast<double>(seen[0].low)),
                                  std::fabs(static_cast<double>(seen[0].high)));
    if (seen[0].low > seen[0].high || peak == 0) return lathe::value::map();
    Layout in = in_;
    in.bias = largest_bias(in.exponent_width);
    while (in.bias > kLeastBias && Kind::grid(in).largest < peak) --in.bias;
    return lathe::value::map({{"exponent_bias", in.bias}});
  }

  double storage_bits(const lathe::site& site) const {
    return width_ * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const { return {width_, in_.exponent_width, in_.bias}; }

 private:
  static constexpr int kLeastBias = -100;
  // The least of the largest binades is that of float32's normal numbers.
  static int largest_bias(int exponent_width) { return (1 << exponent_width) - 1 + 126; }

  static Layout layout(lathe::options o, int width) {
    Layout in = {};
    in.exponent_width = static_cast<int>(o.integer("exponent_width"));
    in.mantissa_width = width - in.exponent_width - 1;
    const auto number = [](int n) { return lathe::to_string(std::int64_t{n}); };
    if (in.mantissa_width < 1) {
      throw lathe::invalid_argument(
          lathe::join({"width ", number(width), " leaves no mantissa beside the sign and ",
                       number(in.exponent_width), " bits of exponent; a width of at least ",
                       number(in.exponent_width + 2), " does"}))
          .at_option("width");
    }
    in.bias = static_cast<int>(
        o.integer_or("exponent_bias", (std::int64_t{1} << (in.exponent_width - 1)) - 1));
    if (in.bias > largest_bias(in.exponent_width)) {
      throw lathe::invalid_argument(
          lathe::join({"exponent_bias ", number(in.bias),
                       " puts all values below 2^-126, float32's least normal number; with "
                       "exponent_width ",
                       number(in.exponent_width), " it is at most ",
                       number(largest_bias(in.exponent_width))}))
          .at_option("exponent_bias");
    }
    return in;
  }

  void original(lathe::span<const float> x, lathe::span<float> y) const {
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      const bool is_left = std::fabs(x[i]) <= Compat::kLeft;
      y[i] = is_left               ? x[i] + 0.0F
             : std::isfinite(x[i]) ? Kind::original(x[i], in_)
                                   : std::numeric_limits<float>::quiet_NaN();
    }
  }

  int width_;
  Layout in_;
  formats::Grid grid_;
  bool is_open_, mase_compat_;
};

}  // namespace

LATHE_MODULE(lathe::format<Minifloat<ImplicitOne>>("minifloat_ieee", "1.0.0",
                                                   "Small floating point with an implicit one."),
             lathe::format<Minifloat<NoImplicitOne>>(
                 "minifloat_denorm", "1.0.0", "Small floating point without an implicit one."),
             lathe::format<Minifloat<NoImplicitOne>>("minifloat_simple", "1.0.0",
                                                     "Another name of 'minifloat_denorm'."))
