// Number format "affine": integers k with a scale and a zero point, (k - z) * s, as QONNX's Quant
// computes them in float32. One scale for the tensor or one for each index of an axis; given, or
// from calibration, or from the tensor at hand.
#include <lathe/lathe.hpp>

#include <cmath>
#include <limits>

#include "affine_kernels.hpp"
#include "axis.hpp"

namespace {

using formats::Along;
using namespace formats::affine;

// Towards zero where a float cannot hold the bound: the result stays a code.
float bound(std::int64_t code) {
  const auto exact = static_cast<double>(code);
  return code < 0 ? -formats::not_above(-exact) : formats::not_above(exact);
}

// Of the tensor, or of each index of the axis.
struct Steps {
  std::vector<float> scale, zero;
};

constexpr int kExactWidth = 24;  // codes up to here, and their differences, are exact in float32

class Affine {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART | LATHE_FLAG_ELEMENTS_APART;
  static constexpr const char* details =
      "Values are `(k - z) * s` with integers k: from `-2^(width-1)` to `2^(width-1) - 1`, with "
      "`narrow` one less at the lower end; without sign from 0 to `2^width - 1`, with `narrow` one "
      "less at the upper end. `k = round(clip(x / s + z))`, in float32 as QONNX's Quant computes "
      "it: clip first, then round. Infinities become the end of the range, NaN stays NaN. Above 24 "
      "bits the ends are the largest codes that a float32 holds.\n\n"
      "The scale s and the zero point z are one number for the tensor, or one for each index of "
      "`axis`. An open scale is set by calibration; before that, it follows from the finite values "
      "of each tensor: symmetric, `s = max abs(x) / largest k` and `z = 0`; else `s = (max - min) "
      "/ (number of codes - 1)`, `z` nearest to `lowest k - min / s`. Such a range is widened to "
      "hold 0, so that z is a code and zero is exact. Where all is zero, s is 1.\n\n"
      "Codes are the k; value = `(code - zero_point) * scale`. The gradient is passed on where "
      "`x / s + z` lies within the codes, and is 0 elsewhere.\n\n"
      "Source: QONNX (operator Quant); Jacob et al., \"Quantization and training of neural "
      "networks for efficient integer-arithmetic-only inference\", CVPR 2018.\n\n"
      "Example: `lathe format 'affine<width=4,scale=0.5,zero_point=2>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a code: up to 32, as accumulators and biases have.")
          .by_default("8")
          .within("1..32")
          .in("bits")
          .tunable(),
      lathe::bool_option("is_signed", "Codes are two's complement; else they begin at 0.")
          .by_default("true"),
      lathe::bool_option("narrow", "One code less: symmetric ends with a sign.")
          .by_default("false"),
      lathe::float_list_option("scale",
                               "Step between values, above 0: one, or one for each index of "
                               "'axis'. NA: from calibration, without it from each tensor.")
          .nullable()
          .by_default("NA"),
      lathe::int_list_option("zero_point",
                             "Code of the value 0, beside 'scale': one, or one for each index of "
                             "'axis'. NA: 0, or as an open scale needs it.")
          .nullable()
          .by_default("NA"),
      lathe::int_option("axis",
                        "Dimension with a scale for each index, negative from the end. NA: one "
                        "scale for the tensor.")
          .nullable()
          .by_default("NA"),
      lathe::bool_option("symmetric",
                         "An open scale has the zero point 0. NA: so with a sign, not without.")
          .nullable()
          .by_default("NA"),
      lathe::choice_option("rounding", "half_even|floor|ceil|toward_zero",
                           "How a code between two integers is rounded.")
          .by_default("half_even"),
      lathe::bool_option("mase_compat", "Changes nothing: the original has no such format.")
          .by_default("false"),
  };

  explicit Affine(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        is_signed_(o.boolean("is_signed")),
        symmetric_(o.boolean_or("symmetric", is_signed_)),
        rounding_(rounding_named(o.text("rounding"))) {
    const std::int64_t count = (std::int64_t{1} << width_) - (o.boolean("narrow") ? 1 : 0);
    if (count < 2) {
      throw lathe::invalid_argument("one bit has two codes; 'narrow' would leave one")
          .at_option("narrow");
    }
    codes_.last = is_signed_ ? (std::int64_t{1} << (width_ - 1)) - 1 : count - 1;
    codes_.first = codes_.last - count + 1;
    codes_.low = bound(codes_.first);
    codes_.high = bound(codes_.last);
    if (o.has("axis")) axis_ = o.integer("axis");
    if (o.has("scale")) read_scales(o["scale"].reals());
    if (o.has("zero_point")) read_zero_points(o.integers("zero_point"));
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const Along at = formats::along(x.shape(), axis_of(context.site(), x.shape()));
    const Steps steps = steps_of(context.site(), x, at);
    if (steps.scale.size() == 1) {
      formats::each(
          x.data(), y.data(), x.size(), [&](const float* from, float* into, std::uint64_t count) {
            quantize_run(from, into, count, steps.scale[0], steps.zero[0], codes_, rounding_);
          });
      return;
    }
    Steps rows;
    if (at.is_short()) rows = {formats::spread(steps.scale, at), formats::spread(steps.zero, at)};
    formats::each_along(
        at, x.data(), y.data(), x.size(),
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t index) {
          quantize_run(from, into, count, steps.scale[index], steps.zero[index], codes_, rounding_);
        },
        [&](const float* from, float* into, std::uint64_t count, std::uint64_t first) {
          quantize_row(from, into, count, rows.scale.data() + first, rows.zero.data() + first,
                       codes_, rounding_);
        });
  }

  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    Along at = formats::along(x.shape(), axis_of(context.site(), x.shape()));
    const Steps steps = steps_of(context.site(), x, at);
    if (steps.scale.size() == 1) at = {1, x.size()};
    if (at.period() == 0) return;
    const float* dy = gradients.dy().data();
    float* dx = gradients.dx().data();
    formats::each_run(at, 0, x.size(), [&](std::uint64_t begin, std::uint64_t n, auto index) {
      clip_run(x.data() + begin, dy + begin, dx + begin, n, steps.scale[index], steps.zero[index],
               codes_);
    });
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    const int axis = axis_of(context.site(), x.shape());
    Along at = formats::along(x.shape(), axis);
    const Steps steps = steps_of(context.site(), x, at);
    const bool is_one = steps.scale.size() == 1;
    if (is_one) at = {1, x.size()};
    lathe::integer_codes out;
    out.width = static_cast<std::uint32_t>(width_);
    out.is_signed = is_signed_;
    out.scale.assign(steps.scale.begin(), steps.scale.end());
    for (const float zero : steps.zero) out.zero_point.push_back(static_cast<std::int64_t>(zero));
    if (!is_one) out.block_shape = formats::blocks_along(x.shape(), axis);
    refuse_inexact(out.zero_point);
    if (at.period() == 0) return out;
    formats::each_run(at, 0, x.size(), [&](std::uint64_t begin, std::uint64_t n, auto index) {
      for (std::uint64_t i = begin; i < begin + n; ++i) {
        if (std::isnan(x[i])) throw lathe::invalid_argument("NaN has no code");
        codes[i] = static_cast<std::int64_t>(
            code_by(rounding_, x[i], steps.scale[index], steps.zero[index], codes_));
      }
    });
    return out;
  }

  std::optional<int> fit_axis(const lathe::site& site) const {
    if (!scale_.empty()) return std::nullopt;
    return axis_of(site, site.shape());
  }
  lathe::value fit(const lathe::site&, lathe::span<const lathe::seen> seen) const {
    bool any = false;
    Steps steps;
    for (const lathe::seen& row : seen) {
      any = any || row.low < 0 || row.high > 0;
      add_step(steps, {row.low, row.high});
    }
    if (!any) return lathe::value::map();
    std::vector<std::int64_t> zeros;
    for (const float zero : steps.zero) zeros.push_back(static_cast<std::int64_t>(zero));
    return lathe::value::map({{"scale", lathe::value::list_of(steps.scale)},
                              {"zero_point", lathe::value::list_of(zeros)}});
  }

  // A batch that is cut into rows has other extents, and other ranges.
  lathe_component_flags active_flags() const {
    if (scale_.size() == 1 && zero_.size() < 2 && !axis_) return flags;
    const bool apart = scale_.size() == 1 || (!scale_.empty() && axis_ && *axis_ > 0);
    return apart && (zero_.size() < 2 || (axis_ && *axis_ > 0)) ? LATHE_FLAG_ROWS_APART : 0;
  }

  double storage_bits(const lathe::site& site) const {
    const auto elements = static_cast<double>(lathe::element_count(site.shape()));
    const int axis = axis_of(site, site.shape());
    if (axis >= 0) refuse_extents(site, formats::along(site.shape(), axis));
    const bool is_one = axis < 0 || (scale_.size() == 1 && zero_.size() < 2);
    const double shared =
        is_one ? 0.0 : static_cast<double>(site.shape()[static_cast<std::uint64_t>(axis)]);
    return width_ * elements + shared * (32 + (has_zero_points() ? width_ : 0));
  }
  std::vector<lathe::value> precision() const { return {width_}; }

 private:
  // False: all of them are 0, whatever the tensor, and need no bits.
  bool has_zero_points() const {
    if (zero_.empty()) return scale_.empty() && !symmetric_;
    return std::any_of(zero_.begin(), zero_.end(), [](float zero) { return zero != 0; });
  }

  static Rounding rounding_named(const std::string& name) {
    if (name == "floor") return Rounding::floor;
    if (name == "ceil") return Rounding::ceil;
    return name == "toward_zero" ? Rounding::toward_zero : Rounding::half_even;
  }

  void refuse_list(const char* option, std::size_t count) const {
    if (count == 0) {
      throw lathe::invalid_argument("an empty list; NA leaves it open").at_option(option);
    }
    if (count > 1 && !axis_) {
      throw lathe::invalid_argument(
          lathe::join({lathe::to_string(static_cast<std::int64_t>(count)),
                       " numbers: 'axis' must say along which dimension they lie"}))
          .at_option(option);
    }
  }
  void read_scales(const std::vector<double>& given) {
    refuse_list("scale", given.size());
    for (const double scale : given) {
      const auto rounded = static_cast<float>(scale);
      if (!(rounded > 0) || std::isinf(rounded)) {
        throw lathe::invalid_argument(
            lathe::join(
                {formats::to_text(scale), " is no scale, which is a finite float32 above 0"}))
            .at_option("scale");
      }
      scale_.push_back(rounded);
    }
  }
  void read_zero_points(const std::vector<std::int64_t>& given) {
    refuse_list("zero_point", given.size());
    if (scale_.empty()) {
      throw lathe::invalid_argument("given without 'scale': give both, or leave both open")
          .at_option("zero_point");
    }
    for (const std::int64_t zero : given) {
      if (zero < codes_.first || zero > codes_.last) {
        throw lathe::invalid_argument(
            lathe::join({lathe::to_string(zero), " is outside the codes, ",
                         lathe::to_string(codes_.first), " to ", lathe::to_string(codes_.last)}))
            .at_option("zero_point");
      }
      zero_.push_back(static_cast<float>(zero));
    }
  }

  // The dimension of a tensor, -1 for the whole of it.
  int axis_of(const lathe::site& site, lathe::shape shape) const {
    if (!axis_) return -1;
    const auto rank = static_cast<std::int64_t>(shape.size());
    if (*axis_ < -rank || *axis_ >= rank) {
      throw lathe::invalid_argument(
          lathe::join({formats::place(site), " has ", lathe::to_string(rank),
                       " dimensions, and no axis ", lathe::to_string(*axis_)}))
          .at_option("axis");
    }
    return static_cast<int>(*axis_ < 0 ? *axis_ + rank : *axis_);
  }

  Steps steps_of(const lathe::site& site, lathe::tensor<const float> x, const Along& at) const {
    if (!scale_.empty()) return given_steps(site, at);
    Steps steps;
    for (const formats::Range& range : formats::ranges(x.data(), x.size(), at)) {
      add_step(steps, range);
    }
    return steps;
  }
  Steps given_steps(const lathe::site& site, const Along& at) const {
    refuse_extents(site, at);
    Steps steps{scale_, zero_.empty() ? std::vector<float>{0.0F} : zero_};
    const std::uint64_t most = std::max(steps.scale.size(), steps.zero.size());
    for (std::vector<float>* list : {&steps.scale, &steps.zero}) {
      if (list->size() < most) list->assign(most, list->front());
    }
    return steps;
  }

  void refuse_extents(const lathe::site& site, const Along& at) const {
    refuse_extent(site, at, "scale", scale_.size());
    refuse_extent(site, at, "zero_point", zero_.size());
  }
  // A list of one number goes with any extent.
  void refuse_extent(const lathe::site& site, const Along& at, const char* option,
                     std::size_t count) const {
    if (count < 2 || count == at.extent) return;
    throw lathe::invalid_argument(
        lathe::join({lathe::to_string(static_cast<std::int64_t>(count)), " numbers; axis ",
                     lathe::to_string(*axis_), " of ", formats::place(site), " has ",
                     lathe::to_string(static_cast<std::int64_t>(at.extent)), " indices"}))
        .at_option(option);
  }

  // The finest step that holds a range.
  void add_step(Steps& steps, formats::Range range) const {
    double low = range.low, high = range.high;
    if (low > high) low = high = 0;
    double scale = 1, zero = symmetric_ ? 0.0 : static_cast<double>(codes_.first);
    if (low < 0 || high > 0) {
      low = std::min(low, 0.0);
      high = std::max(high, 0.0);
      // One signed bit has no code above zero.
      const auto largest = static_cast<double>(std::max<std::int64_t>(codes_.last, 1));
      const auto intervals = static_cast<double>(codes_.last - codes_.first);
      scale = symmetric_ ? std::max(-low, high) / largest : (high - low) / intervals;
      scale = std::clamp(scale, static_cast<double>(std::numeric_limits<float>::denorm_min()),
                         static_cast<double>(formats::kLargest));
      // min / s by one rounding: a tie of a range like -1 to 1 stays one.
      if (!symmetric_) zero = std::nearbyint(zero - low * intervals / (high - low));
      zero = std::clamp(zero, static_cast<double>(codes_.low), static_cast<double>(codes_.high));
    }
    steps.scale.push_back(static_cast<float>(scale));
    steps.zero.push_back(static_cast<float>(zero));
  }

  void refuse_inexact(const std::vector<std::int64_t>& zero_points) const {
    if (width_ <= kExactWidth) return;
    for (const std::int64_t zero : zero_points) {
      if (zero == 0) continue;
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "affine has no codes above 24 bits with a zero point: float32, in which "
                         "values are computed, does not hold the differences");
    }
  }

  int width_;
  bool is_signed_, symmetric_;
  Rounding rounding_;
  Codes codes_ = {};
  std::optional<std::int64_t> axis_;
  std::vector<float> scale_, zero_;  // as given; empty: open
};

}  // namespace

LATHE_FORMAT(Affine, "affine", "1.0.0", "Integers with a scale and a zero point.")
