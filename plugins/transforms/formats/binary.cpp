// Number format "binary": the sign of x (Courbariaux et al., "BinaryNet", 2016), times a mean
// magnitude where that is asked for (Rastegari et al., "XNOR-Net", 2016).
#include <lathe/lathe.hpp>

#include <cmath>

#include "axis.hpp"

namespace {

// x from `least` on becomes `high`, what is below it `low`, NaN `of_nan`.
LATHE_KERNEL
void quantize_run(const float* x, float* y, std::uint64_t count, float least, float low, float high,
                  bool nan_is_low) {
  const float of_nan = nan_is_low ? low : std::numeric_limits<float>::quiet_NaN();
  for (std::uint64_t i = 0; i < count; ++i) {
    const float value = x[i] >= least ? high : low;
    y[i] = x[i] != x[i] ? of_nan : value;
  }
}
LATHE_KERNEL
void quantize_row(const float* x, float* y, std::uint64_t count, float least, const float* low,
                  const float* high, bool nan_is_low) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float value = x[i] >= least ? high[i] : low[i];
    y[i] = x[i] != x[i] && !nan_is_low ? x[i] : value;
  }
}

// dx of dy: 0 beyond -1 and 1.
LATHE_KERNEL
void clip(const float* x, const float* dy, float* dx, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) dx[i] = __builtin_fabsf(x[i]) <= 1.0F ? dy[i] : 0.0F;
}

enum class Scale { none, tensor, channel, sample };  // sample: the original's

// The two values, of the tensor or of each sample or channel.
struct Levels {
  std::vector<float> low, high;
};

class Binary {
 public:
  static constexpr lathe_component_flags flags =
      LATHE_FLAG_STOCHASTIC | LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details =
      "Values are -a and a, not `bipolar` 0 and a. x becomes a where `x >= 0`, else the lower "
      "value. `scale` says what a is: `none` 1, `tensor` the mean of abs(x), `channel` that of "
      "each "
      "channel (of a weight its first dimension, of an activation the second). Values that are not "
      "finite do not enter the mean; NaN stays NaN.\n\n"
      "`stochastic` draws: a with probability `clip((x + 1) / 2, 0, 1)`, from the run's random "
      "stream, in evaluation too. Such a tensor is never cached; the same seed gives the same "
      "values.\n\n"
      "The gradient is passed on where `abs(x) <= 1` (`ste=clipped`), or everywhere "
      "(`ste=identity`). Codes are 0 for the lower value and 1 for a; value = `level * a`.\n\n"
      "Source: Courbariaux et al., \"Binarized neural networks\", 2016; Rastegari et al., "
      "\"XNOR-Net\", 2016.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'quantize<by=type,linear={weight={name=binary,scale=channel}}>'`";
  static constexpr lathe_option options[] = {
      lathe::bool_option("bipolar", "Values are -a and a; else 0 and a.").by_default("true"),
      lathe::choice_option("scale", "none|tensor|channel",
                           "What a is: 1, or a mean magnitude over so much.")
          .by_default("none"),
      lathe::bool_option("stochastic", "Draw the sign, likelier + the larger x is.")
          .by_default("false"),
      lathe::choice_option("ste", "identity|clipped",
                           "Where the gradient passes: everywhere, or up to a magnitude of 1. NA: "
                           "clipped, with mase_compat identity.")
          .nullable()
          .by_default("NA"),
      lathe::int_option("width",
                        "The original's bits of what holds a value; here 1, whatever it says.")
          .nullable()
          .by_default("NA")
          .within("1..64")
          .in("bits"),
      lathe::bool_option("mase_compat",
                         "As the original: scales by sample, NaN is the lower value, and of linear "
                         "and conv2d only the weights are quantized.")
          .by_default("false"),
  };

  explicit Binary(lathe::options o)
      : bipolar_(o.boolean("bipolar")),
        mase_compat_(o.boolean("mase_compat")),
        scale_(scale_named(o.text("scale"))),
        clipped_(o.text_or("ste", mase_compat_ ? "identity" : "clipped") == "clipped"),
        precision_{mase_compat_ ? o.integer_or("width", 1) : 1, o.boolean("stochastic"), bipolar_} {
    // The original's form with 0 draws, drops what it drew, and takes the chances for x.
    of_chance_ = o.boolean("stochastic") && mase_compat_ && !bipolar_;
    stochastic_ = o.boolean("stochastic") && !of_chance_;
    if (mase_compat_ && (scale_ != Scale::none || !bipolar_)) scale_ = Scale::sample;
    // The original's scaled forms have 0 below.
    if (scale_ == Scale::sample) least_ = std::numeric_limits<float>::denorm_min();
    if (of_chance_) least_ = std::nextafter(-1.0F, 0.0F);
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (passes(context.site())) {
      if (x.data() != y.data()) std::copy(x.begin(), x.end(), y.data());
      return;
    }
    const formats::Along at = formats::along(x.shape(), axis_of(context.site(), x.shape()));
    fill(context, at, levels_of(x, at), x, y.data());
  }

  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    const lathe::tensor<const float> dy = gradients.dy();
    if (clipped_ && !passes(context.site())) {
      clip(x.data(), dy.data(), gradients.dx().data(), x.size());
    } else {
      std::copy(dy.begin(), dy.end(), gradients.dx().data());
    }
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (passes(context.site())) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "the original leaves this tensor as it is, without codes");
    }
    const int axis = axis_of(context.site(), x.shape());
    const formats::Along at = formats::along(x.shape(), axis);
    const Levels levels = levels_of(x, at);
    // A draw is the same for all scales.
    std::vector<float> signs(x.size());
    const std::vector<float> zeros(at.extent, 0.0F), ones(at.extent, 1.0F);
    fill(context, at, {zeros, ones}, x, signs.data());
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      if (std::isnan(signs[i])) throw lathe::invalid_argument("NaN has no code");
      codes[i] = signs[i] > 0 ? 1 : 0;
    }
    lathe::integer_codes out;
    out.width = 1;
    out.is_signed = false;
    out.levels = {bipolar_ ? -1.0 : 0.0, 1.0};
    out.scale.assign(levels.high.begin(), levels.high.end());
    out.block_shape = formats::blocks_along(x.shape(), axis);
    return out;
  }

  // A batch that is cut into rows has other means.
  lathe_component_flags active_flags() const {
    lathe_component_flags active = 0;
    if (stochastic_) active |= LATHE_FLAG_STOCHASTIC;
    if (scale_ == Scale::none || scale_ == Scale::sample) active |= LATHE_FLAG_ROWS_APART;
    if (scale_ == Scale::none) active |= LATHE_FLAG_ELEMENTS_APART;
    return active;
  }

  double storage_bits(const lathe::site& site) const {
    const auto elements = static_cast<double>(lathe::element_count(site.shape()));
    if (passes(site)) return 32 * elements;
    const int axis = axis_of(site, site.shape());
    return axis < 0
               ? elements
               : elements +
                     32.0 * static_cast<double>(site.shape()[static_cast<std::uint64_t>(axis)]);
  }
  std::vector<lathe::value> precision() const { return precision_; }

 private:
  static Scale scale_named(const std::string& name) {
    if (name == "tensor") return Scale::tensor;
    return name == "channel" ? Scale::channel : Scale::none;
  }

  // What the original's modules leave as it is (docs/mase.md, Number formats).
  bool passes(const lathe::site& site) const {
    if (!mase_compat_) return false;
    const std::string_view op = site.op();
    if (op == "relu" || op == "avg_pool2d" || op == "adaptive_avg_pool2d") return true;
    return (op == "linear" || op == "conv2d") && site.role() != LATHE_ROLE_WEIGHT;
  }

  int axis_of(const lathe::site& site, lathe::shape shape) const {
    if (shape.size() == 0) return -1;
    if (scale_ == Scale::sample) return 0;
    return scale_ == Scale::channel ? site.channel_axis() : -1;
  }

  Levels levels_of(lathe::tensor<const float> x, const formats::Along& at) const {
    Levels levels{std::vector<float>(at.extent), std::vector<float>(at.extent, 1.0F)};
    if (scale_ != Scale::none) {
      std::vector<float> chances;
      if (of_chance_) {
        for (const float value : x) chances.push_back(chance_as_float(value));
      }
      const auto sums = formats::magnitudes(of_chance_ ? chances.data() : x.data(), x.size(), at);
      for (std::uint64_t i = 0; i < at.extent; ++i) {
        levels.high[i] = static_cast<float>(sums[i].mean());
      }
    }
    for (std::uint64_t i = 0; i < at.extent; ++i) {
      levels.low[i] = bipolar_ ? -levels.high[i] : 0.0F;
    }
    return levels;
  }

  void fill(const lathe::format_context& context, const formats::Along& at, const Levels& levels,
            lathe::tensor<const float> x, float* y) const {
    if (stochastic_) return draw(context, at, levels, x, y);
    if (levels.low.size() == 1) {
      formats::each(
          x.data(), y, x.size(), [&](const float* from, float* into, std::uint64_t count) {
            quantize_run(from, into, count, least_, levels.low[0], levels.high[0], mase_compat_);
          });
      return;
    }
    Levels rows;
    if (at.is_short()) rows = {formats::spread(levels.low, at), formats::spread(levels.high, at)};
    formats::each_along(
        at, x.data(), y, x.size(),
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t index) {
          quantize_run(from, into, count, least_, levels.low[index], levels.high[index],
                       mase_compat_);
        },
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t first) {
          quantize_row(from, into, count, least_, rows.low.data() + first, rows.high.data() + first,
                       mase_compat_);
        });
  }

  // clip((x + 1) / 2, 0, 1); NaN stays NaN.
  static double chance(double x) {
    const double p = (x + 1) / 2;
    return p < 0 ? 0 : p > 1 ? 1 : p;
  }
  static float chance_as_float(float x) {
    const float p = (x + 1.0F) / 2.0F;
    return p < 0 ? 0 : p > 1 ? 1 : p;
  }

  void draw(const lathe::format_context& context, const formats::Along& at, const Levels& levels,
            lathe::tensor<const float> x, float* y) const {
    if (at.period() == 0) return;
    const lathe::rng random(context.host());
    constexpr std::uint64_t kPiece = 512;
    double drawn[kPiece];
    const auto piece = [&](std::uint64_t begin, std::uint64_t count, std::uint64_t index) {
      random.uniform(context.seed(), 0, context.counter() + begin, {drawn, count});
      for (std::uint64_t i = 0; i < count; ++i) {
        const float value = x[begin + i];
        const double p = mase_compat_ ? static_cast<double>(chance_as_float(value))
                                      : chance(static_cast<double>(value));
        const bool is_high = mase_compat_ ? p >= drawn[i] : p > drawn[i];
        y[begin + i] = value != value && !mase_compat_ ? value
                       : is_high                       ? levels.high[index]
                                                       : levels.low[index];
      }
    };
    formats::each_run(at, 0, x.size(), [&](std::uint64_t begin, std::uint64_t n, auto index) {
      for (std::uint64_t done = 0; done < n; done += kPiece) {
        piece(begin + done, std::min(kPiece, n - done), index);
      }
    });
  }

  bool bipolar_, mase_compat_;
  Scale scale_;
  bool clipped_, stochastic_ = false, of_chance_ = false;
  float least_ = 0;  // the least x that becomes the higher value
  std::vector<lathe::value> precision_;
};

}  // namespace

LATHE_FORMAT(Binary, "binary", "1.0.0", "The sign, times 1 or a mean magnitude.")
