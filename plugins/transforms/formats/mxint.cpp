// Number format "mxint": Microscaling integers, as OCP's MXINT8 with elements of any width.
#include <lathe/lathe.hpp>

#include "blocks/fixed.hpp"
#include "blocks/mx_option.hpp"
#include "blocks/original.hpp"

namespace {

class MxInt {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A block shares a scale 2^S; its values are `k * 2^(S - (element_bits - 2))`, k from "
      "`-(2^(element_bits-1) - 1)` to `2^(element_bits-1) - 1`: OCP's MXINT8 for 8 bits, with its "
      "symmetric range. `S = floor(log2(largest))`, limited to "
      "`±(2^(scale_bits-1) - 1)`. x becomes the nearest value, of two equally near ones that with "
      "even k; what lies beyond the largest value becomes that. Zeros are positive.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the block an infinity counts "
      "as the largest float32. The gradient passes straight through. Codes are the k, with a scale "
      "for each block.\n\n"
      "Source: OCP Microscaling Formats (MX) Specification 1.0; MASE (`mxint`).\n\n"
      "Example: `lathe format 'mxint<element_bits=8,block_size=32>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("element_bits", "Bits of an element, sign included.")
          .by_default("8")
          .within("2..32")
          .in("bits")
          .tunable(),
      lathe::int_list_option("block_size", formats::kBlockSizeDoc)
          .by_default("[32]")
          .within("-1..")
          .tunable(),
      lathe::int_option("scale_bits", "Bits of the scale that a block shares.")
          .by_default("8")
          .within("1..16")
          .in("bits"),
      lathe::int_option("block_dim", formats::kBlockDimDoc).nullable().by_default("NA"),
      lathe::bool_option("skip_first_dim", formats::kSkipFirstDimDoc).nullable().by_default("NA"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit MxInt(lathe::options o)
      : bits_(static_cast<int>(o.integer("element_bits"))),
        scale_bits_(static_cast<int>(o.integer("scale_bits"))),
        block_(o),
        mase_compat_(o.boolean("mase_compat")),
        rounding_({0, 0, -most(), most(), bits_ - 2, -last(), last()}) {}

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) {
      original(x, y);
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
    return formats::codes_of_fixed(grid, block, rounding_.exponents(grid, x.data()), bits_, values,
                                   codes);
  }

  lathe_component_flags active_flags() const {
    return !mase_compat_ && block_.keeps_rows_apart() ? LATHE_FLAG_ROWS_APART : 0;
  }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site.shape(), block_.extents(site, site.shape()), bits_,
                                      scale_bits_);
  }
  std::vector<lathe::value> precision() const {
    return {bits_, lathe::value::list_of(block_.size()), scale_bits_};
  }

 private:
  int most() const { return (1 << (scale_bits_ - 1)) - 1; }
  double last() const { return std::ldexp(1.0, bits_ - 1) - 1; }

  void original(lathe::tensor<const float> x, lathe::tensor<float> y) const {
    formats::Extents shape = formats::to_extents(x.shape());
    const formats::Extents block = block_.original_extents(shape);
    const formats::BlockGrid grid(lathe::shape(shape.data(), shape.size()), block);
    const auto high = static_cast<float>(std::ldexp(1.0, bits_ - 1) - 1);
    const int drop = bits_ - 1, bias = most(), codes = 1 << scale_bits_;
    const std::vector<float> largest =
        formats::shared_by_blocks(grid, x.data(), formats::Largest{});
    formats::original_blocks(grid, x.data(), y.data(), largest, [=](float v, float of) {
      const float least = std::numeric_limits<float>::min();
      const int s = static_cast<int>(std::ceil(formats::original_log2(of > least ? of : least)));
      const int biased = std::min(std::max(s + bias, 0), codes - 1);
      // 2^128 is infinite here, and what it divides and multiplies NaN, as in the original.
      const float from = std::ldexp(v / std::ldexp(1.0F, s), drop);
      const float k = formats::original_code(from, -high - 1, high);
      return std::ldexp(k, -drop) * std::ldexp(1.0F, biased - bias);
    });
  }

  int bits_, scale_bits_;
  formats::MxOption block_;
  bool mase_compat_;
  formats::FixedRounding rounding_;
};

}  // namespace

LATHE_MODULE(lathe::format<MxInt>("mxint", "1.0.0", "Microscaling integers (OCP MX)."))
