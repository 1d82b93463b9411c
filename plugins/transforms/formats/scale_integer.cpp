// Number format "scale_integer": integers times a float32 scale for each row of the last dimension.
#include <lathe/lathe.hpp>

#include "blocks/kernels.hpp"
#include "blocks/original.hpp"

namespace {

// Of a row; `step` is a float32.
struct Row {
  double step;
};

LATHE_KERNEL
void round_rows(const float* x, float* y, formats::Panel panel, const Row* shared, double low,
                double high) {
  formats::in_blocks(x, y, panel, shared,
                     [low, high](float v, const Row& row) __attribute__((always_inline)) {
                       double k = static_cast<double>(v) / row.step;
                       k = k < low ? low : k;
                       k = k > high ? high : k;
                       // Rounds to an integer: its last bit is worth 1.
                       k = (k + 0x1.8p52) - 0x1.8p52;
                       return static_cast<float>(k * row.step);
                     });
}

struct Rule {
  using Shared = Row;
  double low, high;

  // The scale as float32: of a row of zeros any, not 0 where the quotient is too small, and such
  // that the largest value does not overflow.
  double step(std::int32_t largest) const {
    if (largest == 0) return 1.0;
    using Limits = std::numeric_limits<float>;
    const double exact = static_cast<double>(formats::float_of(largest)) / high;
    const float near = std::max(static_cast<float>(exact), Limits::denorm_min());
    const bool overflows = static_cast<double>(near) * high > static_cast<double>(Limits::max());
    return static_cast<double>(overflows ? std::nextafter(near, 0.0F) : near);
  }
  void share(const std::int32_t* largest, Row* shared, std::uint64_t count) const {
    for (std::uint64_t b = 0; b < count; ++b) shared[b].step = step(largest[b]);
  }
  void apply(const float* x, float* y, formats::Panel panel, const Row* shared) const {
    round_rows(x, y, panel, shared, low, high);
  }
};

class ScaleInteger {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A row, all elements along the last dimension, shares a scale s, a float32; its values are "
      "`k * s`, k from `-(2^(width-1) - 1)` to `2^(width-1) - 1`, without sign from 0 to "
      "`2^width - 1`. `s = largest / k_max`, of the row's largest magnitude and the largest k; a "
      "row "
      "of zeros is zero. x becomes the nearest value, of two equally near ones that with even k. "
      "Zeros are positive.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the row an infinity counts as "
      "the largest float32. The gradient passes straight through. Codes are the k, with the scale "
      "of each row.\n\n"
      "Source: MASE (`scale_integer`), with its range made symmetric (docs/differences.md).\n\n"
      "Example: `lathe format 'scale_integer<width=4>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value, sign included.")
          .by_default("8")
          .within("2..32")
          .in("bits")
          .tunable(),
      lathe::bool_option("is_signed", "Whether values have a sign; without, negative x become 0.")
          .by_default("true"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit ScaleInteger(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        is_signed_(o.boolean("is_signed")),
        mase_compat_(o.boolean("mase_compat")) {
    rule_.high = std::ldexp(1.0, is_signed_ ? width_ - 1 : width_) - 1;
    rule_.low = is_signed_ ? -rule_.high : 0.0;
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const formats::BlockGrid grid(x.shape(), rows(context.site(), x.shape()));
    if (mase_compat_) {
      original(grid, x, y);
      return;
    }
    formats::quantize_blocks(grid, x.data(), y.data(), x.size(), rule_);
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (mase_compat_) formats::no_codes_of_the_original();
    lathe::integer_codes out;
    out.width = static_cast<std::uint32_t>(width_);
    out.is_signed = is_signed_;
    out.block_shape = rows(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), out.block_shape);
    out.scale.clear();
    for (const Row& row : formats::shared_by_blocks(grid, x.data(), rule_)) {
      out.scale.push_back(row.step);
    }
    formats::for_each_element(grid, [&](std::uint64_t i, std::uint64_t b) {
      if (std::isnan(x[i])) throw lathe::invalid_argument("NaN has no code");
      const double k = static_cast<double>(x[i]) / out.scale[b];
      const double limited = std::min(std::max(k, rule_.low), rule_.high);
      codes[i] = static_cast<std::int64_t>(std::nearbyint(limited));
    });
    return out;
  }

  double storage_bits(const lathe::site& site) const {
    constexpr int kScaleBits = 32;
    return formats::storage_of_blocks(site.shape(), rows(site, site.shape()), width_, kScaleBits);
  }
  std::vector<lathe::value> precision() const { return {width_}; }

 private:
  static formats::Extents rows(const lathe::site& site, lathe::shape shape) {
    return formats::block_extents({-1}, shape, site.is_activation());
  }

  void original(const formats::BlockGrid& grid, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const int bits = is_signed_ ? width_ - 1 : width_;
    const float high = std::ldexp(1.0F, bits) - 1.0F;
    const float low = is_signed_ ? -std::ldexp(1.0F, bits) : 0.0F;
    const std::vector<float> largest =
        formats::shared_by_blocks(grid, x.data(), formats::Largest{});
    formats::original_blocks(grid, x.data(), y.data(), largest, [=](float v, float of) {
      const float scale = std::ldexp(1.0F / (of + formats::kOriginalSmall), bits);
      return formats::original_code(v * scale, low, high) / scale;
    });
  }

  int width_;
  bool is_signed_, mase_compat_;
  Rule rule_ = {};
};

}  // namespace

LATHE_MODULE(lathe::format<ScaleInteger>("scale_integer", "1.0.0",
                                         "Integers times a scale for each row."))
