// Number format "ternary": -a, 0 and a (Li et al., "Ternary weight networks", 2016). What is not
// above 0.75 times the mean magnitude becomes 0, and a is the mean magnitude of the others.
#include <lathe/lathe.hpp>

#include <cmath>

#include "axis.hpp"

namespace {

LATHE_KERNEL
void quantize_run(const float* x, float* y, std::uint64_t count, float bound, float scale) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float k = __builtin_copysignf(scale, x[i]);
    const float value = __builtin_fabsf(x[i]) > bound ? k : 0.0F;
    y[i] = x[i] != x[i] ? x[i] : value;
  }
}
LATHE_KERNEL
void quantize_row(const float* x, float* y, std::uint64_t count, const float* bound,
                  const float* scale) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float k = __builtin_copysignf(scale[i], x[i]);
    const float value = __builtin_fabsf(x[i]) > bound[i] ? k : 0.0F;
    y[i] = x[i] != x[i] ? x[i] : value;
  }
}

// Of the tensor, or of each sample or channel.
struct Levels {
  std::vector<float> bound, scale;
};

enum class Granularity { tensor, sample, channel };

class Ternary {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details =
      "Values are -a, 0 and a. x becomes 0 where `abs(x) <= D` with `D = 0.75 * mean abs(x)`, else "
      "a with the sign of x. With `scaling_factor` a is the mean of abs(x) over `abs(x) > D`, or 0 "
      "where nothing is above D; without it 1. `granularity` says what the means are taken over: "
      "the tensor, each sample (index of the first dimension) or each channel. Values that are "
      "not finite do not enter them; infinities become a or -a, and NaN stays NaN.\n\n"
      "`threshold` gives D, and `mean` the mean that D is made of, in place of what is measured. "
      "The gradient passes straight through. Codes are -1, 0 and 1 of two bits; value = `code * "
      "a`.\n\n"
      "Source: Li, Zhang and Liu, \"Ternary weight networks\", 2016.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'quantize<by=type,linear={weight={name=ternary}}>'`";
  static constexpr lathe_option options[] = {
      lathe::bool_option("scaling_factor", "The largest value is a mean magnitude; else it is 1.")
          .by_default("true"),
      lathe::choice_option("granularity", "tensor|sample|channel",
                           "What threshold and scale are measured over.")
          .by_default("tensor"),
      lathe::float_option("threshold", "Magnitude up to which values become 0. NA: measured.")
          .nullable()
          .by_default("NA")
          .within("0.."),
      lathe::float_option("mean",
                          "Mean magnitude that the threshold is 0.75 times of. NA: measured.")
          .nullable()
          .by_default("NA")
          .within("0.."),
      lathe::float_option("median", "The original's; nothing follows from it.")
          .nullable()
          .by_default("NA"),
      lathe::float_option("max", "The original's; nothing follows from it.")
          .nullable()
          .by_default("NA"),
      lathe::int_option("width",
                        "The original's bits of what holds a value; here 2, whatever it says.")
          .nullable()
          .by_default("NA")
          .within("1..64")
          .in("bits"),
      lathe::bool_option("mase_compat",
                         "As the original: by sample, given numbers do not count, and only "
                         "weights of linear and convolutions are quantized.")
          .by_default("false"),
  };

  explicit Ternary(lathe::options o)
      : scaled_(o.boolean("scaling_factor")),
        mase_compat_(o.boolean("mase_compat")),
        granularity_(granularity_named(o.text("granularity"))),
        threshold_(o.real_or("threshold", -1)),
        mean_(o.real_or("mean", -1)) {
    if (threshold_ >= 0 && mean_ >= 0) {
      throw lathe::invalid_argument(
          "it and 'threshold' exclude each other: the threshold is made of it")
          .at_option("mean");
    }
    if (mase_compat_) {
      granularity_ = Granularity::sample;
      threshold_ = mean_ = -1;
    }
    precision_ = {mase_compat_ ? o.integer_or("width", 2) : 2, scaled_, lathe::value(o["mean"]),
                  lathe::value(o["median"]), lathe::value(o["max"])};
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (passes(context.site())) {
      if (x.data() != y.data()) std::copy(x.begin(), x.end(), y.data());
      return;
    }
    const formats::Along at = formats::along(x.shape(), axis_of(context.site(), x.shape()));
    const Levels levels = levels_of(x, at);
    if (levels.bound.size() == 1) {
      formats::each(x.data(), y.data(), x.size(),
                    [&](const float* from, float* into, std::uint64_t count) {
                      quantize_run(from, into, count, levels.bound[0], levels.scale[0]);
                    });
      return;
    }
    Levels rows;
    if (at.is_short())
      rows = {formats::spread(levels.bound, at), formats::spread(levels.scale, at)};
    formats::each_along(
        at, x.data(), y.data(), x.size(),
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t index) {
          quantize_run(from, into, count, levels.bound[index], levels.scale[index]);
        },
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t first) {
          quantize_row(from, into, count, rows.bound.data() + first, rows.scale.data() + first);
        });
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (passes(context.site())) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "the original does not quantize this tensor, which so has no codes");
    }
    const int axis = axis_of(context.site(), x.shape());
    const formats::Along at = formats::along(x.shape(), axis);
    const Levels levels = levels_of(x, at);
    lathe::integer_codes out;
    out.width = 2;
    out.scale.assign(levels.scale.begin(), levels.scale.end());
    out.block_shape = formats::blocks_along(x.shape(), axis);
    if (at.period() == 0) return out;
    formats::each_run(at, 0, x.size(), [&](std::uint64_t begin, std::uint64_t n, auto index) {
      for (std::uint64_t i = begin; i < begin + n; ++i) {
        if (std::isnan(x[i]) || std::isnan(levels.scale[index])) {
          throw lathe::invalid_argument("NaN has no code");
        }
        const bool is_zero = std::fabs(x[i]) <= levels.bound[index];
        codes[i] = is_zero ? 0 : x[i] < 0 ? -1 : 1;
      }
    });
    return out;
  }

  // A batch that is cut into rows has other means.
  lathe_component_flags active_flags() const {
    const bool measures = scaled_ || (threshold_ < 0 && mean_ < 0);
    if (!measures && granularity_ == Granularity::tensor) return flags;
    return granularity_ == Granularity::sample || !measures ? LATHE_FLAG_ROWS_APART : 0;
  }

  // log2(3) rounded up, and what is measured for each sample or channel.
  double storage_bits(const lathe::site& site) const {
    const auto elements = static_cast<double>(lathe::element_count(site.shape()));
    if (passes(site)) return 32 * elements;
    const int axis = axis_of(site, site.shape());
    const double scales = axis < 0 || !scaled_
                              ? 0.0
                              : static_cast<double>(site.shape()[static_cast<std::uint64_t>(axis)]);
    return 2 * elements + 32 * scales;
  }
  std::vector<lathe::value> precision() const { return precision_; }

 private:
  static Granularity granularity_named(const std::string& name) {
    if (name == "sample") return Granularity::sample;
    return name == "channel" ? Granularity::channel : Granularity::tensor;
  }

  // What the original's modules leave as it is (docs/mase.md, Number formats).
  bool passes(const lathe::site& site) const {
    if (!mase_compat_) return false;
    const std::string_view op = site.op();
    if (op == "relu" || op == "avg_pool2d" || op == "adaptive_avg_pool2d") return true;
    const bool is_layer = op == "linear" || op == "conv1d" || op == "conv2d";
    return is_layer && site.role() != LATHE_ROLE_WEIGHT;
  }

  int axis_of(const lathe::site& site, lathe::shape shape) const {
    if (shape.size() == 0 || granularity_ == Granularity::tensor) return -1;
    return granularity_ == Granularity::sample ? 0 : site.channel_axis();
  }

  Levels levels_of(lathe::tensor<const float> x, const formats::Along& at) const {
    Levels levels{std::vector<float>(at.extent), std::vector<float>(at.extent, 1.0F)};
    const double given = threshold_ >= 0 ? threshold_ : 0.75 * mean_;
    if (given >= 0) {
      levels.bound.assign(at.extent, formats::not_above(given));
    } else {
      const std::vector<formats::Sum> sums = formats::magnitudes(x.data(), x.size(), at);
      for (std::uint64_t i = 0; i < at.extent; ++i) {
        levels.bound[i] = formats::not_above(0.75 * sums[i].mean());
      }
    }
    if (!scaled_) return levels;
    const auto sums = formats::magnitudes(x.data(), x.size(), at, levels.bound);
    for (std::uint64_t i = 0; i < at.extent; ++i) {
      levels.scale[i] = static_cast<float>(sums[i].mean());
      if (!mase_compat_ || sums[i].count > 0) continue;
      // The original divides by nothing here, and the whole sample becomes NaN.
      levels.bound[i] = -1.0F;
      levels.scale[i] = std::numeric_limits<float>::quiet_NaN();
    }
    return levels;
  }

  bool scaled_, mase_compat_;
  Granularity granularity_;
  double threshold_, mean_;  // -1: measured
  std::vector<lathe::value> precision_;
};

}  // namespace

LATHE_FORMAT(Ternary, "ternary", "1.0.0", "-a, 0 and a (ternary weight networks).")
