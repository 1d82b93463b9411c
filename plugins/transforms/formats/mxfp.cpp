// Number format "mxfp": Microscaling floats, OCP's MXFP8, MXFP6 and MXFP4.
#include <lathe/lathe.hpp>

#include "blocks/mx_option.hpp"
#include "blocks/original.hpp"
#include "blocks/scaled_minifloat.hpp"
#include "table_codes.hpp"

namespace {

// An element without its scale. `largest` is not what the bits could hold where codes stand for
// infinity and NaN; `top` is the exponent of its binade.
struct Element {
  const char* name;
  int exponent_width, mantissa_width, bias, top;
  double largest;
};
constexpr Element kElements[] = {{"E5M2", 5, 2, 15, 15, 57344}, {"E4M3", 4, 3, 7, 8, 448},
                                 {"E3M2", 3, 2, 3, 4, 28},      {"E2M3", 2, 3, 1, 2, 7.5},
                                 {"E2M1", 2, 1, 1, 2, 6},       {"E1M2", 1, 2, 1, 0, 1.75}};

const Element& element_of(lathe::options o) {
  const bool by_bits = o.has("element_exp_bits") || o.has("element_frac_bits");
  if (o.has("element") && by_bits) {
    throw lathe::invalid_argument(
        "element and element_exp_bits or element_frac_bits say the same: give one of them")
        .at_option("element");
  }
  const std::string name =
      by_bits ? lathe::join({"E", std::to_string(o.integer_or("element_exp_bits", 0)), "M",
                             std::to_string(o.integer_or("element_frac_bits", 0))})
              : o.text_or("element", "E4M3");
  for (const Element& element : kElements) {
    if (element.name == name) return element;
  }
  throw lathe::invalid_argument(
      "element_exp_bits and element_frac_bits are given together: 5 and 2, 4 and 3, 3 and 2, 2 and "
      "3, 2 and 1, or 1 and 2")
      .at_option("element_exp_bits");
}

class MxFp {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A block shares a scale 2^S; its values are those of an element times 2^S. With e bits of "
      "exponent, m of mantissa and its bias b an element is `±2^E * (1 + k / 2^m)` for E from "
      "`1 - b`, or `±2^(1 - b) * k / 2^m` below, k from 0 to `2^m - 1`, up to 57344 (E5M2), 448 "
      "(E4M3), 28 (E3M2), 7.5 (E2M3), 6 (E2M1); E1M2, which is MASE's, up to 1.75 with b = 1. "
      "`S = floor(log2(largest)) - emax`, limited to ±127, where emax is the exponent of the "
      "element's top binade: 15, 8, 4, 2, 2, 0. x becomes the nearest value, of two equally near "
      "ones that with even k; what lies beyond the largest value becomes that. Zeros keep their "
      "sign.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the block an infinity counts "
      "as the largest float32. The gradient passes straight through. Codes are the element's bits: "
      "sign, exponent, mantissa, with a scale for each block.\n\n"
      "Source: OCP Microscaling Formats (MX) Specification 1.0; MASE (`mxfp`).\n\n"
      "Example: `lathe format 'mxfp<element=E2M1,block_size=32>'`";
  static constexpr lathe_option options[] = {
      lathe::choice_option("element", "E5M2|E4M3|E3M2|E2M3|E2M1|E1M2",
                           "Bits of exponent and mantissa of an element; NA is E4M3, or what "
                           "element_exp_bits and element_frac_bits say.")
          .nullable()
          .by_default("NA")
          .tunable(),
      lathe::int_list_option("block_size", formats::kBlockSizeDoc)
          .by_default("[32]")
          .within("-1..")
          .tunable(),
      lathe::int_option("element_exp_bits", "With element_frac_bits, the element by MASE's names.")
          .nullable()
          .by_default("NA")
          .within("1..5")
          .in("bits"),
      lathe::int_option("element_frac_bits", "With element_exp_bits, the element by MASE's names.")
          .nullable()
          .by_default("NA")
          .within("1..3")
          .in("bits"),
      lathe::int_option("block_dim", formats::kBlockDimDoc).nullable().by_default("NA"),
      lathe::bool_option("skip_first_dim", formats::kSkipFirstDimDoc).nullable().by_default("NA"),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit MxFp(lathe::options o)
      : element_(element_of(o)),
        block_(o),
        mase_compat_(o.boolean("mase_compat")),
        rounding_({{element_.mantissa_width, lowest(), element_.largest}, element_.top, -127, 127},
                  false) {}

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
    const lathe::integer_codes table = formats::level_table(width(), [&](std::int64_t code) {
      const double level =
          formats::level_with_implicit_one(code, element_.mantissa_width, lowest());
      return std::min(level, element_.largest);
    });
    std::vector<float> values(x.size());
    const formats::Extents block = block_.extents(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), block);
    rounding_.quantize(grid, x.data(), values.data(), x.size());
    return formats::codes_of_scaled(
        grid, block, rounding_.powers(grid, x.data()), table, values, codes, [&](double size) {
          return formats::code_with_implicit_one(size, element_.mantissa_width, lowest());
        });
  }

  lathe_component_flags active_flags() const {
    return !mase_compat_ && block_.keeps_rows_apart() ? LATHE_FLAG_ROWS_APART : 0;
  }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site.shape(), block_.extents(site, site.shape()), width(), 8);
  }
  std::vector<lathe::value> precision() const {
    return {width(), element_.exponent_width, element_.mantissa_width,
            lathe::value::list_of(block_.size())};
  }

 private:
  int width() const { return 1 + element_.exponent_width + element_.mantissa_width; }
  int lowest() const { return 1 - element_.bias - element_.mantissa_width; }

  // The original's code of a magnitude (docs/mase.md): its carry into the exponent is lost where
  // that is odd, and of the subnormals there is one binade.
  std::uint32_t original_code(float size) const {
    const int m = element_.mantissa_width, bias = (1 << (element_.exponent_width - 1)) - 1;
    const auto bits = static_cast<std::uint32_t>(formats::bits_of(size));
    const int exponent = static_cast<int>(bits >> 23) - 127;
    const std::uint32_t upper = (bits & 0x007FFFFF) >> 8, one = 1U << m;
    const int cut = 15 - m;
    const std::uint32_t rest = upper & ((1U << cut) - 1), half = 1U << (cut - 1);
    const std::uint32_t kept = upper >> cut;
    const std::uint32_t mantissa =
        kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1U : 0U);
    if (bits < 0x00800000 || exponent < -bias) return 0;
    if (exponent == -bias) return mantissa == 0 ? 0 : (mantissa | one) >> 1;
    const int top = (1 << element_.exponent_width) - 1;
    if (exponent + bias > top) return (static_cast<std::uint32_t>(top) << m) | (one - 1);
    return (static_cast<std::uint32_t>(exponent + bias) << m) | mantissa;
  }

  void original(lathe::tensor<const float> x, lathe::tensor<float> y) const {
    formats::Extents shape = formats::to_extents(x.shape());
    const formats::Extents block = block_.original_extents(shape);
    const formats::BlockGrid grid(lathe::shape(shape.data(), shape.size()), block);
    const int m = element_.mantissa_width, bias = (1 << (element_.exponent_width - 1)) - 1;
    const int top = (1 << element_.exponent_width) - 1 - bias;
    const std::vector<float> largest =
        formats::shared_by_blocks(grid, x.data(), formats::Largest{});
    formats::original_blocks(grid, x.data(), y.data(), largest, [=](float v, float of) {
      const float size = std::fabs(v), least = std::numeric_limits<float>::min();
      if (std::isnan(v)) return v;
      if (of < least) return 0.0F;
      const int shared = std::min(std::max(std::ilogb(of) - top, -127), 128);
      const std::uint32_t code = size < least ? 0 : original_code(std::ldexp(size, -shared));
      const double level = formats::level_with_implicit_one(code, m, 1 - bias - m);
      const auto result = static_cast<float>(std::ldexp(level, shared));
      return v < 0 ? -result : result;
    });
  }

  Element element_;
  formats::MxOption block_;
  bool mase_compat_;
  formats::MinifloatRounding rounding_;
};

}  // namespace

LATHE_MODULE(lathe::format<MxFp>("mxfp", "1.0.0", "Microscaling floats (OCP MX)."))
