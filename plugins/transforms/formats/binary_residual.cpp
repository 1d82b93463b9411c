// Number format "binary_residual": a sum of signs with learned sizes, each of what the ones before
// leave (Ghasemzadeh et al., "ReBNet: Residual binarized neural network", FCCM 2018).
#include <lathe/lathe.hpp>

#include <cmath>

#include "axis.hpp"

namespace {

constexpr int kMostLevels = 16;

struct Sizes {
  double of[kMostLevels];
  int count;
};

// The value of a code: a bit for each term, that of the first in front, 1 for +.
double value_of(unsigned code, const Sizes& sizes) {
  double sum = 0;
  for (int level = 0; level < sizes.count; ++level) {
    const bool is_plus = (code >> (sizes.count - 1 - level) & 1U) != 0;
    sum += is_plus ? sizes.of[level] : -sizes.of[level];
  }
  return sum;
}

// A residual x - c has the sign of the comparison of x with c, which is exact.
LATHE_KERNEL
void quantize_all(const float* x, float* y, std::uint64_t count, const Sizes& sizes) {
  constexpr std::uint64_t kPiece = 64;
  double sum[kPiece];
  for (std::uint64_t begin = 0; begin < count; begin += kPiece) {
    const std::uint64_t size = count - begin < kPiece ? count - begin : kPiece;
    for (std::uint64_t i = 0; i < size; ++i) {
      sum[i] = static_cast<double>(x[begin + i]) >= 0 ? sizes.of[0] : -sizes.of[0];
    }
    for (int level = 1; level < sizes.count; ++level) {
      const double step = sizes.of[level];
      for (std::uint64_t i = 0; i < size; ++i) {
        sum[i] += static_cast<double>(x[begin + i]) >= sum[i] ? step : -step;
      }
    }
    for (std::uint64_t i = 0; i < size; ++i) {
      const float value = x[begin + i];
      y[begin + i] = value != value ? value : static_cast<float>(sum[i]);
    }
  }
}

// Of one or two terms, the sizes of which are floats: bounds and values, no sums.
LATHE_KERNEL
void quantize_few(const float* x, float* y, std::uint64_t count, float size, const float* values) {
  const float low = values[0], low_mid = values[1], high_mid = values[2], high = values[3];
  for (std::uint64_t i = 0; i < count; ++i) {
    const float above = x[i] >= size ? high : high_mid;
    const float below = x[i] >= -size ? low_mid : low;
    const float value = x[i] >= 0.0F ? above : below;
    y[i] = x[i] != x[i] ? x[i] : value;
  }
}

constexpr std::uint64_t kLanes = 8;

// Adds dy times the sign of each term, in lanes: of[level][lane].
LATHE_KERNEL
void add_gradients(const float* x, const float* dy, std::uint64_t count, const Sizes& sizes,
                   double (*of)[kLanes]) {
  constexpr std::uint64_t kPiece = 64;
  double sum[kPiece], terms[kPiece];
  for (std::uint64_t begin = 0; begin < count; begin += kPiece) {
    const std::uint64_t size = count - begin < kPiece ? count - begin : kPiece;
    for (std::uint64_t i = 0; i < kPiece; ++i) sum[i] = terms[i] = 0;
    for (int level = 0; level < sizes.count; ++level) {
      const double step = sizes.of[level];
      for (std::uint64_t i = 0; i < size; ++i) {
        const bool is_plus = static_cast<double>(x[begin + i]) >= sum[i];
        const auto upstream = static_cast<double>(dy[begin + i]);
        sum[i] += is_plus ? step : -step;
        terms[i] = is_plus ? upstream : -upstream;
      }
      for (std::uint64_t i = 0; i < kPiece; i += kLanes) {
        for (std::uint64_t lane = 0; lane < kLanes; ++lane) of[level][lane] += terms[i + lane];
      }
    }
  }
}

// The original's, whose sign of 0 is 0.
void add_gradients_as_original(const float* x, const float* dy, std::uint64_t count,
                               const Sizes& sizes, double (*of)[kLanes]) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float rest = x[i];
    for (int level = 0; level < sizes.count; ++level) {
      const float sign = rest > 0 ? 1.0F : rest < 0 ? -1.0F : 0.0F;
      of[level][0] += static_cast<double>(sign) * static_cast<double>(dy[i]);
      rest -= sign * static_cast<float>(sizes.of[level]);
    }
  }
}

// dx of dy: 0 beyond a magnitude.
LATHE_KERNEL
void clip(const float* x, const float* dy, float* dx, std::uint64_t count, float most) {
  for (std::uint64_t i = 0; i < count; ++i) dx[i] = __builtin_fabsf(x[i]) <= most ? dy[i] : 0.0F;
}

// The original's values.
void quantize_as_original(const float* x, float* y, std::uint64_t count, const Sizes& sizes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float rest = x[i], sum = 0;
    for (int level = 0; level < sizes.count; ++level) {
      const auto size = static_cast<float>(sizes.of[level]);
      const float term = rest > 0 ? size : rest < 0 ? -size : 0.0F;
      sum += term;
      rest -= term;
    }
    y[i] = sum;
  }
}

constexpr const char* kNames[kMostLevels] = {
    "gamma_0", "gamma_1", "gamma_2",  "gamma_3",  "gamma_4",  "gamma_5",  "gamma_6",  "gamma_7",
    "gamma_8", "gamma_9", "gamma_10", "gamma_11", "gamma_12", "gamma_13", "gamma_14", "gamma_15"};

class BinaryResidual {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "Values are sums of `levels` terms, g_i or -g_i. The first has the sign of x, each further "
      "one that of what the terms before it leave of x; the sign of 0 is +. NaN stays NaN.\n\n"
      "The sizes g_i are learned for each tensor that the format sits on, as `QUANTIZER.gamma_0` "
      "and so on; they begin as `2^(levels-1-i) / (2^levels - 1)`, and their sign does not "
      "count.\n\n"
      "Gradients: straight through to x (`ste=identity`), or where abs(x) is not above the sum of "
      "the g_i (`ste=clipped`); to g_i the sum of dy times the sign of term i. A code has a bit "
      "for each term, that of the first term in front, 1 for +; value = `levels[code]`.\n\n"
      "Source: Ghasemzadeh et al., \"ReBNet: Residual binarized neural network\", FCCM 2018.\n\n"
      "Example: `lathe train jsc-tiny jsc-sim --max-epochs 1 --passes "
      "'quantize<by=type,linear={data_in={name=binary_residual,levels=3}}>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("levels", "Terms of the sum, a bit each.")
          .by_default("2")
          .within("1..16")
          .in("bits")
          .tunable(),
      lathe::choice_option("ste", "identity|clipped",
                           "Where the gradient passes: everywhere, or where x is not saturated. "
                           "NA: identity, with mase_compat clipped.")
          .nullable()
          .by_default("NA"),
      lathe::int_option("width",
                        "The original's bits of what holds a value; here one a level, whatever it "
                        "says.")
          .nullable()
          .by_default("NA")
          .within("1..64")
          .in("bits"),
      lathe::bool_option("stochastic", "The original's; no sign is drawn, so only false is taken.")
          .by_default("false"),
      lathe::bool_option("bipolar", "The original's; terms have two signs, so only true is taken.")
          .by_default("true"),
      lathe::bool_option("mase_compat",
                         "As the original: the sign of 0 is 0, weights have one level, biases are "
                         "left, gradients pass up to a magnitude of 1.")
          .by_default("false"),
  };

  explicit BinaryResidual(lathe::options o)
      : levels_(static_cast<int>(o.integer("levels"))),
        mase_compat_(o.boolean("mase_compat")),
        clipped_(o.text_or("ste", mase_compat_ ? "clipped" : "identity") == "clipped"),
        precision_{mase_compat_ ? o.integer_or("width", levels_) : levels_, false, true} {
    if (o.boolean("stochastic")) {
      throw lathe::invalid_argument("can only be false: binary_residual draws nothing")
          .at_option("stochastic");
    }
    if (!o.boolean("bipolar")) {
      throw lathe::invalid_argument("can only be true: terms of binary_residual have two signs")
          .at_option("bipolar");
    }
  }

  std::vector<lathe::state_spec> state(const lathe::site& site) const {
    std::vector<lathe::state_spec> specs;
    const int count = levels_at(site);
    for (int i = 0; i < count; ++i) {
      const double start = std::ldexp(1.0, count - 1 - i) / (std::ldexp(1.0, count) - 1);
      specs.push_back(lathe::learned(kNames[i], start));
    }
    return specs;
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const Sizes sizes = sizes_of(context);
    if (sizes.count == 0) {
      if (x.data() != y.data()) std::copy(x.begin(), x.end(), y.data());
    } else if (mase_compat_) {
      quantize_as_original(x.data(), y.data(), x.size(), sizes);
    } else {
      // One term is two of which the second does not count.
      const auto size = static_cast<float>(sizes.of[0]);
      float values[4];
      for (unsigned code = 0; code < 4; ++code) {
        values[code] = static_cast<float>(value_of(sizes.count == 1 ? code / 2 : code, sizes));
      }
      formats::each(x.data(), y.data(), x.size(),
                    [&](const float* from, float* into, std::uint64_t count) {
                      sizes.count > 2 ? quantize_all(from, into, count, sizes)
                                      : quantize_few(from, into, count, size, values);
                    });
    }
  }

  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    const Sizes sizes = sizes_of(context);
    const lathe::tensor<const float> dy = gradients.dy();
    double lanes[kMostLevels][kLanes] = {};
    (mase_compat_ ? add_gradients_as_original : add_gradients)(x.data(), dy.data(), x.size(), sizes,
                                                               lanes);
    for (int i = 0; i < sizes.count; ++i) {
      const auto at = static_cast<std::uint64_t>(i);
      double sum = 0;
      for (const double lane : lanes[i]) sum += lane;
      if (std::signbit(context.state(at)[0])) sum = -sum;
      gradients.state(at)[0] = static_cast<float>(sum);
    }
    if (clipped_ && sizes.count > 0) {
      const double most = mase_compat_ ? 1.0 : value_of((1U << sizes.count) - 1, sizes);
      clip(x.data(), dy.data(), gradients.dx().data(), x.size(), formats::not_above(most));
    } else {
      std::copy(dy.begin(), dy.end(), gradients.dx().data());
    }
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    const Sizes sizes = sizes_of(context);
    if (mase_compat_) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "with mase_compat binary_residual has no codes: the original's sign of 0 "
                         "is 0, for which there is no bit");
    }
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) throw lathe::invalid_argument("NaN has no code");
      double sum = 0;
      std::int64_t code = 0;
      for (int level = 0; level < sizes.count; ++level) {
        const bool is_plus = static_cast<double>(x[i]) >= sum;
        sum += is_plus ? sizes.of[level] : -sizes.of[level];
        code = 2 * code + (is_plus ? 1 : 0);
      }
      codes[i] = code;
    }
    lathe::integer_codes out;
    out.width = static_cast<std::uint32_t>(sizes.count);
    out.is_signed = false;
    for (unsigned code = 0; code < 1U << sizes.count; ++code) {
      out.levels.push_back(value_of(code, sizes));
    }
    return out;
  }

  double storage_bits(const lathe::site& site) const {
    const int levels = levels_at(site);
    return (levels == 0 ? 32.0 : levels) * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const { return precision_; }

 private:
  // With mase_compat a weight has one, and a bias none: it is left as it is.
  int levels_at(const lathe::site& site) const {
    if (!mase_compat_ || site.is_activation()) return levels_;
    return site.role() == LATHE_ROLE_WEIGHT ? 1 : 0;
  }

  Sizes sizes_of(const lathe::format_context& context) const {
    Sizes sizes = {};
    sizes.count = levels_at(context.site());
    for (int i = 0; i < sizes.count; ++i) {
      sizes.of[i] = std::fabs(static_cast<double>(context.state(static_cast<std::uint64_t>(i))[0]));
    }
    return sizes;
  }

  int levels_;
  bool mase_compat_, clipped_;
  std::vector<lathe::value> precision_;
};

}  // namespace

LATHE_FORMAT(BinaryResidual, "binary_residual", "1.0.0",
             "A sum of signs with learned sizes (ReBNet).")
