// Number format "block_minifloat": minifloats whose exponent bias is a block's.
#include <lathe/lathe.hpp>

#include "blocks/block_option.hpp"
#include "blocks/original.hpp"
#include "blocks/scaled_minifloat.hpp"
#include "table_codes.hpp"

namespace {

class BlockMinifloat {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A block shares an exponent bias B; with m = width - exponent_width - 1 bits of mantissa its "
      "values are `±2^E * (1 + k / 2^m)` for E from `1 - B` to `2^exponent_width - 1 - B`, and "
      "below "
      "them `±2^(1 - B) * k / 2^m`; k from 0 to `2^m - 1`, no code for infinity or NaN: those of "
      "`minifloat_ieee` with the bias B. `B = 2^exponent_width - 1 - floor(log2(largest))`, "
      "limited "
      "to 0 .. `2^exponent_bias_width - 1`, puts the block's largest magnitude into the top "
      "binade. "
      "x becomes the nearest value, of two equally near ones that with even k; what lies beyond "
      "the "
      "largest value becomes that. Zeros keep their sign.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the block an infinity counts "
      "as the largest float32. The gradient passes straight through. Codes are the stored bits: "
      "sign, exponent, mantissa, with a scale of `2^-B` for each block.\n\n"
      "Source: Fox et al. 2021, A Block Minifloat Representation for Training Deep Neural "
      "Networks; "
      "MASE (`block_minifloat`).\n\n"
      "Example: `lathe format 'block_minifloat<width=6,exponent_width=3,block_size=[1, 16]>'`";
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
      lathe::int_option("exponent_bias_width", "Bits of the exponent bias that a block shares.")
          .by_default("8")
          .within("1..16")
          .in("bits")
          .tunable(),
      lathe::int_list_option("block_size", formats::kBlockSizeDoc)
          .by_default("[16]")
          .within("-1..")
          .tunable(),
      lathe::bool_option("skip_first_dim", formats::kSkipFirstDimDoc).nullable().by_default("NA"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit BlockMinifloat(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        exponent_width_(static_cast<int>(o.integer("exponent_width"))),
        bias_width_(static_cast<int>(o.integer("exponent_bias_width"))),
        mantissa_width_(checked_mantissa(width_, exponent_width_)),
        block_(o),
        mase_compat_(o.boolean("mase_compat")),
        // With 8 bits of exponent a block has more binades than float's normal ones.
        rounding_({formats::grid_with_implicit_one(mantissa_width_, 0, top()), top(),
                   1 - (1 << bias_width_), 0},
                  exponent_width_ == 8 || mantissa_width_ > 22) {}

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
    const int lowest = 1 - mantissa_width_;
    const lathe::integer_codes table = formats::level_table(width_, [&](std::int64_t code) {
      return formats::level_with_implicit_one(code, mantissa_width_, lowest);
    });
    std::vector<float> values(x.size());
    const formats::Extents block = block_.extents(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), block);
    rounding_.quantize(grid, x.data(), values.data(), x.size());
    return formats::codes_of_scaled(
        grid, block, rounding_.powers(grid, x.data()), table, values, codes, [&](double size) {
          return formats::code_with_implicit_one(size, mantissa_width_, lowest);
        });
  }

  lathe_component_flags active_flags() const {
    return !mase_compat_ && block_.keeps_rows_apart() ? LATHE_FLAG_ROWS_APART : 0;
  }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site, block_, mase_compat_, width_, bias_width_);
  }
  std::vector<lathe::value> precision() const {
    return {width_, exponent_width_, bias_width_, lathe::value::list_of(block_.size())};
  }

 private:
  int top() const { return (1 << exponent_width_) - 1; }

  static int checked_mantissa(int width, int exponent_width) {
    const int mantissa = width - exponent_width - 1;
    if (mantissa >= 1) return mantissa;
    throw lathe::invalid_argument(
        lathe::join({"width ", std::to_string(width), " leaves no mantissa beside the sign and ",
                     std::to_string(exponent_width), " bits of exponent; a width of at least ",
                     std::to_string(exponent_width + 2), " does"}))
        .at_option("width");
  }

  void original(const lathe::site& site, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const int m = mantissa_width_, last_bias = (1 << bias_width_) - 1;
    formats::original_on_site(block_, site, x, y, [=](float v, float largest) {
      const float size = std::fabs(v);
      if (size <= formats::kOriginalLeft) return v;
      const int bias =
          formats::original_exponent(std::floor(formats::original_log2(largest)), 0, last_bias);
      const int e = formats::original_exponent(
          std::floor(formats::original_log2(size + formats::kOriginalSmall)), -bias, top() - bias);
      const float one = std::ldexp(1.0F, m);
      const float scaled = std::ldexp(std::ldexp(size, -e), m);
      const float mantissa = e == -bias ? 2 * formats::original_code(scaled / 2, 0.0F, one - 1)
                                        : one + formats::original_code(scaled - one, 0.0F, one - 1);
      return formats::original_sign(v + formats::kOriginalSmall) * std::ldexp(mantissa, e - m);
    });
  }

  int width_, exponent_width_, bias_width_, mantissa_width_;
  formats::BlockOption block_;
  bool mase_compat_;
  formats::MinifloatRounding rounding_;
};

}  // namespace

LATHE_MODULE(lathe::format<BlockMinifloat>("block_minifloat", "1.0.0",
                                           "Minifloats with an exponent bias for each block."))
