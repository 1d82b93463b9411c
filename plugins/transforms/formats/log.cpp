// Number format "log": signed powers of two, no zero (docs/mase.md, Number formats).
#include <lathe/lathe.hpp>

#include <cmath>

#include "kernel.hpp"
#include "minifloat.hpp"
#include "table_codes.hpp"

namespace {

LATHE_KERNEL
void round_all(const float* x, float* y, std::uint64_t count, int least, int largest) {
  formats::round_to_powers(x, y, count, least, largest);
}

// The exponent nearest to log2(x), x > 0: compared in squares, so that nothing is rounded. No two
// are equally near, since no float is 2^(E + 1/2).
int nearest_exponent(double x) {
  int above = 0;
  const double half = std::frexp(x, &above);  // x = half * 2^above, half from 1/2 to 1
  return half * half > 0.5 ? above : above - 1;
}

int clip(int exponent, int low, int high) {
  return exponent < low ? low : exponent > high ? high : exponent;
}

class Log {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details =
      "Values are `±2^E` with E from `-exponent_bias` to `2^(width-1) - 1 - exponent_bias`, so "
      "that a "
      "multiplication is a shift; there is no zero. x becomes the power whose exponent is nearest "
      "to `log2(abs(x))`: the bound between 2^E and 2^(E+1) is `sqrt(2) * 2^E`. What lies beyond "
      "the ends becomes the end of its sign, infinities the largest, both zeros "
      "`+2^-exponent_bias`. "
      "NaN stays NaN. Exponents below -149 and above 127 are left out: no float32 holds them. The "
      "gradient passes straight through. Codes are the stored bits: sign, then E + "
      "exponent_bias.\n\n"
      "Source: Miyashita et al. 2016, Convolutional Neural Networks using Logarithmic Data "
      "Representation; MASE (`log`).\n\n"
      "Example: `lathe format 'log<width=4,exponent_bias=5>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value: sign and exponent.")
          .by_default("8")
          .within("2..16")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_bias",
                        "What is taken off the exponent's code; NA is 2^(width-2) - 1.")
          .nullable()
          .by_default("NA")
          .within("-127..32915")
          .tunable(),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit Log(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        bias_(
            static_cast<int>(o.integer_or("exponent_bias", (std::int64_t{1} << (width_ - 2)) - 1))),
        is_open_(!o.has("exponent_bias")),
        mase_compat_(o.boolean("mase_compat")) {
    if (top() - bias_ < formats::kLeastPower) {
      const auto number = [](int n) { return lathe::to_string(std::int64_t{n}); };
      throw lathe::invalid_argument(
          lathe::join({"exponent_bias ", number(bias_),
                       " puts all values below 2^-149, the least float32; with width ",
                       number(width_), " it is at most ", number(top() - formats::kLeastPower)}))
          .at_option("exponent_bias");
    }
  }

  void quantize(const lathe::format_context&, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) return original(x, y);
    formats::each(x.data(), y.data(), x.size(),
                  [&](const float* from, float* into, std::uint64_t count) {
                    round_all(from, into, count, least(), largest());
                  });
  }

  lathe::integer_codes codes(const lathe::format_context&, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    lathe::integer_codes table = formats::level_table(width_, [&](std::int64_t code) {
      return std::ldexp(1.0, clip(static_cast<int>(code) - bias_, least(), largest()));
    });
    std::vector<float> values(x.size());
    if (mase_compat_) {
      original(x, lathe::span<float>(values.data(), values.size()));
    } else {
      round_all(x.data(), values.data(), x.size(), least(), largest());
    }
    formats::codes_in_table(values, table, codes, [&](double size) {
      return size == 0 ? std::int64_t{-1} : std::int64_t{std::ilogb(size) + bias_};
    });
    return table;
  }

  // The bias with which the largest magnitude that was seen becomes the largest value.
  std::optional<int> fit_axis(const lathe::site&) const {
    return is_open_ ? std::optional<int>(-1) : std::nullopt;
  }
  lathe::value fit(const lathe::site&, lathe::span<const lathe::seen> seen) const {
    const double peak = std::fmax(std::fabs(static_cast<double>(seen[0].low)),
                                  std::fabs(static_cast<double>(seen[0].high)));
    if (seen[0].low > seen[0].high || peak == 0) return lathe::value::map();
    const int bias = top() - nearest_exponent(peak);
    return lathe::value::map({{"exponent_bias", clip(bias, -127, top() - formats::kLeastPower)}});
  }

  double storage_bits(const lathe::site& site) const {
    return width_ * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const { return {width_, bias_}; }

 private:
  int top() const { return (1 << (width_ - 1)) - 1; }  // the largest code of an exponent
  int least() const { return clip(-bias_, formats::kLeastPower, formats::kLargestPower); }
  int largest() const { return clip(top() - bias_, formats::kLeastPower, formats::kLargestPower); }

  // What the original computes, in its order and its precision: float32 but for the logarithm,
  // which comes out as if it was rounded once from double.
  void original(lathe::span<const float> x, lathe::span<float> y) const {
    const auto low = static_cast<float>(-bias_), high = static_cast<float>(top() - bias_);
    const auto shift = static_cast<float>(0.1 * std::ldexp(1.0, -bias_));
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      const float shifted = x[i] + shift;
      const float log = static_cast<float>(std::log2(static_cast<double>(std::fabs(x[i]) + shift)));
      const float nearest = std::nearbyint(log);
      const float e = nearest < low ? low : nearest > high ? high : nearest;
      const float sign = shifted > 0 ? 1.0F : shifted < 0 ? -1.0F : shifted;
      y[i] = std::isnan(x[i]) ? x[i] : sign * std::exp2(e);
    }
  }

  int width_, bias_;
  bool is_open_, mase_compat_;
};

}  // namespace

LATHE_MODULE(lathe::format<Log>("log", "1.0.0", "Signed powers of two, without zero."))
