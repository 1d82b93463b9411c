// Number format "block_fp": integers times one power of two for each block, as in Microsoft
// floating point. "msfp" is block_fp by its other name.
#include <lathe/lathe.hpp>

#include <optional>

#include "blocks/block_option.hpp"
#include "blocks/fixed.hpp"
#include "blocks/original.hpp"

namespace {

class BlockFp {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A block shares an exponent E; with m = width - 1 its values are `±k * 2^(E - m)`, k from 0 "
      "to "
      "`2^m - 1`. E is the least from `-exponent_bias` to `2^exponent_width - 1 - exponent_bias` "
      "with which the largest magnitude of the block does not round above `(2^m - 1) * 2^(E - m)`; "
      "where none is large enough, the largest E, and what lies beyond becomes the largest value. "
      "x "
      "becomes the nearest value, of two equally near ones that with even k. Zeros are "
      "positive.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the block an infinity counts "
      "as the largest float32. The gradient passes straight through. Codes are the signed k, with "
      "a "
      "scale of `2^(E - m)` for each block.\n\n"
      "Source: Darvish Rouhani et al. 2020, Pushing the Limits of Narrow Precision Inferencing at "
      "Cloud Scale with Microsoft Floating Point; MASE (`block_fp`).\n\n"
      "Example: `lathe format 'block_fp<width=4,exponent_width=8,block_size=[1, 16]>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value: sign and mantissa.")
          .by_default("8")
          .within("2..32")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_width", "Bits of the exponent that a block shares.")
          .by_default("8")
          .within("1..8")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_bias",
                        "What is taken off the exponent's code; NA is 2^(exponent_width-1) - 1.")
          .nullable()
          .by_default("NA")
          .within("-127..381")
          .tunable(),
      lathe::int_list_option("block_size", formats::kBlockSizeDoc)
          .by_default("[16]")
          .within("-1..")
          .tunable(),
      lathe::bool_option("skip_first_dim", formats::kSkipFirstDimDoc).nullable().by_default("NA"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit BlockFp(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        exponent_width_(static_cast<int>(o.integer("exponent_width"))),
        bias_(static_cast<int>(
            o.integer_or("exponent_bias", (std::int64_t{1} << (exponent_width_ - 1)) - 1))),
        is_open_(!o.has("exponent_bias")),
        block_(o),
        mase_compat_(o.boolean("mase_compat")),
        rounding_(fixed_blocks()) {
    if (top() < kLeastTop) {
      throw lathe::invalid_argument(
          lathe::join({"exponent_bias ", std::to_string(bias_),
                       " puts all exponents below -126, that of float32's least normal number; "
                       "with exponent_width ",
                       std::to_string(exponent_width_), " it is at most ",
                       std::to_string(bias_ + top() - kLeastTop)}))
          .at_option("exponent_bias");
    }
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) {
      original(context.site(), x, y);
      return;
    }
    const formats::BlockGrid grid(x.shape(), block_.extents(context.site(), x.shape()));
    rounding_.quantize(grid, x.data(), y.data(), x.size());
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (mase_compat_) formats::no_codes_of_the_original();
    std::vector<float> values(x.size());
    const formats::Extents block = block_.extents(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), block);
    rounding_.quantize(grid, x.data(), values.data(), x.size());
    return formats::codes_of_fixed(grid, block, rounding_.exponents(grid, x.data()), width_, values,
                                   codes);
  }

  // The largest bias with which the largest magnitude does not saturate, as far as float32's least
  // normal number asks for one: a block with less would gain nothing.
  std::optional<int> fit_axis(const lathe::site&) const {
    return is_open_ ? std::optional<int>(-1) : std::nullopt;
  }
  lathe::value fit(const lathe::site&, lathe::span<const lathe::seen> seen) const {
    const float peak = std::max(std::fabs(seen[0].low), std::fabs(seen[0].high));
    if (seen[0].low > seen[0].high || peak == 0) return lathe::value::map();
    const int exponent = formats::floor_log2_bits(formats::bits_of(peak), carry()) + 1;
    const int bias = std::min((1 << exponent_width_) - 1 - exponent, kFinestBias);
    return lathe::value::map({{"exponent_bias", std::max(bias, kLeastBias)}});
  }

  lathe_component_flags active_flags() const {
    return !mase_compat_ && block_.keeps_rows_apart() ? LATHE_FLAG_ROWS_APART : 0;
  }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site, block_, mase_compat_, width_, exponent_width_);
  }
  std::vector<lathe::value> precision() const {
    return {width_, exponent_width_, bias_, lathe::value::list_of(block_.size())};
  }

 private:
  static constexpr int kLeastBias = -127, kFinestBias = 127, kLeastTop = -126;

  int top() const { return (1 << exponent_width_) - 1 - bias_; }
  int mantissa_width() const { return width_ - 1; }
  // Takes what would round to 2^m into the next exponent.
  std::int32_t carry() const { return mantissa_width() <= 23 ? 1 << (23 - mantissa_width()) : 0; }
  formats::FixedBlocks fixed_blocks() const {
    const int m = mantissa_width();
    const double high = std::ldexp(1.0, m) - 1;
    return {carry(), 1, -bias_, top(), m, -high, high};
  }

  void original(const lathe::site& site, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const int m = mantissa_width(), low = -bias_, high = top();
    const float last = std::ldexp(1.0F, m) - 1.0F;
    formats::original_on_site(block_, site, x, y, [=](float v, float largest) {
      const float size = std::fabs(v);
      if (size <= formats::kOriginalLeft) return v;
      const int e =
          formats::original_exponent(std::ceil(formats::original_log2(largest)), low, high);
      const float scaled = std::ldexp(std::ldexp(size + formats::kOriginalSmall, -e), m);
      const float k = formats::original_code(scaled, 0.0F, last);
      return formats::original_sign(v + formats::kOriginalSmall) * std::ldexp(k, e - m);
    });
  }

  int width_, exponent_width_, bias_;
  bool is_open_;
  formats::BlockOption block_;
  bool mase_compat_;
  formats::FixedRounding rounding_;
};

}  // namespace

LATHE_MODULE(lathe::format<BlockFp>("block_fp", "1.0.0",
                                    "Integers times one power of two for each block."),
             lathe::format<BlockFp>("msfp", "1.0.0", "Another name of 'block_fp'."))
