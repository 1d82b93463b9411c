// Number format "minifloat_mx": one element of the Open Compute Project's microscaling formats,
// without the scale of its block (OCP Microscaling Formats (MX) v1.0, section 5.3).
#include <lathe/lathe.hpp>

#include <cmath>

#include "kernel.hpp"
#include "minifloat.hpp"
#include "table_codes.hpp"

namespace {

using formats::Direction;

LATHE_KERNEL
void round_to_nearest(const float* x, float* y, std::uint64_t count, formats::Grid to) {
  formats::round_to_grid<Direction::nearest>(x, y, count, to);
}
LATHE_KERNEL
void round_to_zero(const float* x, float* y, std::uint64_t count, formats::Grid to) {
  formats::round_to_grid<Direction::to_zero>(x, y, count, to);
}
LATHE_KERNEL
void round_up(const float* x, float* y, std::uint64_t count, formats::Grid to) {
  formats::round_to_grid<Direction::up>(x, y, count, to);
}
LATHE_KERNEL
void round_down(const float* x, float* y, std::uint64_t count, formats::Grid to) {
  formats::round_to_grid<Direction::down>(x, y, count, to);
}

class MinifloatMx {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details =
      "With e = exp_bits, m = frac_bits and the bias `b = 2^(e-1) - 1`, values are "
      "`±2^E * (1 + k / 2^m)` for E from `1 - b`, and below them `±2^(1-b) * k / 2^m`; k from 0 to "
      "`2^m - 1`. With is_finite all codes are numbers, and E goes up to `2^e - 1 - b`. Without, "
      "codes are kept for NaN and infinity: in E4M3 that with all bits 1, so that 448 is the "
      "largest value, in others those of the largest E. is_finite that is not given is what OCP "
      "says: false for E5M2 and E4M3, true for E3M2, E2M3, E2M1 and others. x becomes the nearest "
      "value, of two equally near ones that with even k (`rn`), the next towards zero (`rz`), "
      "upwards (`ru`) or downwards (`rd`); what lies beyond the largest value, infinities too, "
      "becomes that in every mode. NaN stays NaN, and zeros keep their sign. The gradient passes "
      "straight through. Codes are the stored bits: sign, exponent, mantissa; NaN has none.\n\n"
      "Source: OCP Microscaling Formats (MX) v1.0, without the scale of a block (`mxfp` has "
      "it).\n\n"
      "Example: `lathe format 'minifloat_mx<exp_bits=2,frac_bits=1,round_mode=rz>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("exp_bits", "Bits of the exponent; NA is 4.")
          .nullable()
          .by_default("NA")
          .within("1..8")
          .in("bits")
          .tunable(),
      lathe::int_option("frac_bits", "Bits of the mantissa; NA is 3.")
          .nullable()
          .by_default("NA")
          .within("1..23")
          .in("bits")
          .tunable(),
      lathe::bool_option("is_finite",
                         "All codes are numbers; NA is what OCP says: not in E5M2 and E4M3.")
          .nullable()
          .by_default("NA"),
      lathe::choice_option("round_mode", "rn|rz|ru|rd",
                           "To nearest (ties to even), towards zero, up or down.")
          .by_default("rn"),
      lathe::int_option("element_exp_bits", "Another name of exp_bits.").nullable().within("1..8"),
      lathe::int_option("element_frac_bits", "Another name of frac_bits.")
          .nullable()
          .within("1..23"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit MinifloatMx(lathe::options o)
      : e_(bits(o, "exp_bits", "element_exp_bits", 4)),
        m_(bits(o, "frac_bits", "element_frac_bits", 3)),
        is_finite_(o.boolean_or("is_finite", !is(5, 2) && !is(4, 3))),
        direction_(direction(o.text("round_mode"))),
        grid_(formats::held_by_float({m_, lowest(), largest()})),
        mase_compat_(o.boolean("mase_compat")) {}

  void quantize(const lathe::format_context&, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) return original(x, y);
    formats::each(
        x.data(), y.data(), x.size(),
        [&](const float* from, float* into, std::uint64_t count) { round(from, into, count); });
  }

  lathe::integer_codes codes(const lathe::format_context&, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    lathe::integer_codes table = formats::level_table(width(), [&](std::int64_t code) {
      const double level = formats::level_with_implicit_one(code, m_, lowest());
      const double most = mase_compat_ ? original_largest() : grid_.largest;
      return level < most ? level : most;
    });
    std::vector<float> values(x.size());
    if (mase_compat_) {
      original(x, lathe::span<float>(values.data(), values.size()));
    } else {
      round(x.data(), values.data(), x.size());
    }
    formats::codes_in_table(values, table, codes, [&](double size) {
      return formats::code_with_implicit_one(size, m_, lowest());
    });
    return table;
  }

  double storage_bits(const lathe::site& site) const {
    return width() * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const { return {width(), e_, m_}; }

 private:
  static int bits(lathe::options o, const char* key, const char* other, int otherwise) {
    if (o.has(key) && o.has(other)) {
      throw lathe::invalid_argument(
          lathe::join({"'", key, "' and '", other, "' are one option: write one of them"}))
          .at_option(other);
    }
    return static_cast<int>(o.integer_or(o.has(other) ? other : key, otherwise));
  }
  static Direction direction(std::string_view mode) {
    return mode == "rz"   ? Direction::to_zero
           : mode == "ru" ? Direction::up
           : mode == "rd" ? Direction::down
                          : Direction::nearest;
  }

  bool is(int exponent_bits, int mantissa_bits) const {
    return e_ == exponent_bits && m_ == mantissa_bits;
  }
  int width() const { return 1 + e_ + m_; }
  int bias() const { return (1 << (e_ - 1)) - 1; }
  int lowest() const { return 1 - bias() - m_; }
  double largest_up_to(int top) const {
    // With one bit of exponent, all but what lies below the first binade may be reserved.
    if (top < 1 - bias()) return std::ldexp(1 - std::ldexp(1.0, -m_), 1 - bias());
    return std::ldexp(2 - std::ldexp(1.0, -m_), top);
  }
  double largest() const {
    if (!is_finite_ && is(4, 3)) return 448;
    return largest_up_to((1 << e_) - (is_finite_ ? 1 : 2) - bias());
  }

  void round(const float* x, float* y, std::uint64_t count) const {
    if (direction_ == Direction::nearest) return round_to_nearest(x, y, count, grid_);
    if (direction_ == Direction::to_zero) return round_to_zero(x, y, count, grid_);
    if (direction_ == Direction::up) return round_up(x, y, count, grid_);
    round_down(x, y, count, grid_);
  }

  // The original reserves the largest exponent of E4M3 too.
  int original_top() const { return (1 << e_) - (is_finite_ ? 1 : 2) - bias(); }
  double original_largest() const { return largest_up_to(original_top()); }

  // The original's mantissa of a number that is normal in float32: its upper 15 bits rounded to m,
  // up and down meaning away from zero and towards it. It may be 2^m.
  std::uint32_t original_mantissa(std::uint32_t fraction) const {
    const std::uint32_t upper = fraction >> 8;
    if (m_ >= 15) return upper << (m_ - 15);
    const int cut = 15 - m_;
    const std::uint32_t kept = upper >> cut, rest = upper & ((1U << cut) - 1),
                        half = 1U << (cut - 1);
    const bool is_up = direction_ == Direction::nearest
                           ? rest > half || (rest == half && (kept & 1) != 0)
                           : direction_ == Direction::up && rest > 0;
    return kept + (is_up ? 1 : 0);
  }
  // Its code, where 2^m is laid over the exponent's last bit; below the first binade only the
  // upper half of the mantissas is kept.
  std::uint32_t original_code(float size) const {
    const auto whole = formats::bits_as<std::uint32_t>(size);
    if (whole < 0x00800000) return 0;
    const int exponent = static_cast<int>(whole >> 23) - 127;
    std::uint32_t mantissa = original_mantissa(whole & 0x007FFFFF);
    const std::uint32_t one = 1U << m_;
    if (exponent < -bias()) return 0;
    if (exponent == -bias()) return mantissa == 0 ? 0 : (mantissa | one) >> 1;
    if (exponent > original_top()) {
      return (static_cast<std::uint32_t>(original_top() + bias()) << m_) | (one - 1);
    }
    return (static_cast<std::uint32_t>(exponent + bias()) << m_) | mantissa;
  }
  void original(lathe::span<const float> x, lathe::span<float> y) const {
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      const std::uint32_t code = original_code(std::fabs(x[i]));
      const auto size = static_cast<float>(formats::level_with_implicit_one(code, m_, lowest()));
      y[i] = std::isnan(x[i]) ? x[i] : x[i] < 0 ? -size : size;
    }
  }

  int e_, m_;
  bool is_finite_;
  Direction direction_;
  formats::Grid grid_;
  bool mase_compat_;
};

}  // namespace

LATHE_MODULE(lathe::format<MinifloatMx>("minifloat_mx", "1.0.0",
                                        "An element of OCP's microscaling formats."))
