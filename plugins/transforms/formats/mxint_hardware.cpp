// Number format "mxint_hardware": integers times one power of two for each tile of the last two
// dimensions, as MASE's generated hardware has them.
#include <lathe/lathe.hpp>

#include "blocks/fixed.hpp"
#include "blocks/grid.hpp"
#include "blocks/original.hpp"

namespace {

class MxIntHardware {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A tile of the last two dimensions shares an exponent E; its values are `k * 2^E`, k from "
      "`-2^(width-1)` to `2^(width-1) - 1`. `E = ceil(log2(largest)) - (width - 1)`, limited to "
      "`-2^(exponent_width-1)` .. `2^(exponent_width-1) - 1`. x becomes the nearest value, of two "
      "equally near ones that with even k; what lies beyond the ends becomes the end. Zeros are "
      "positive.\n\n"
      "A NaN stays NaN and an infinity becomes the end of its sign; neither counts for the largest "
      "magnitude, but where nothing else but zeros is in the tile an infinity counts as the "
      "largest "
      "float32. The gradient passes straight through. Codes are the k, with a scale of 2^E for "
      "each "
      "tile.\n\n"
      "Source: MASE (`mxint_hardware`), with its exponent offset corrected and rounding to nearest "
      "(docs/differences.md).\n\n"
      "Example: `lathe format 'mxint_hardware<width=8,exponent_width=8,parallelism=[1, 4]>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value, sign included.")
          .by_default("8")
          .within("2..32")
          .in("bits")
          .tunable(),
      lathe::int_option("exponent_width", "Bits of the exponent that a tile shares.")
          .by_default("8")
          .within("2..16")
          .in("bits")
          .tunable(),
      lathe::int_list_option("parallelism",
                             "Extents of a tile in the last two dimensions, the last one last; -1, "
                             "or more than the dimension has: the whole dimension.")
          .by_default("[1, 16]")
          .within("-1..")
          .tunable(),
      lathe::bool_option("mase_compat", "The original's values, bit for bit.").by_default("false"),
  };

  explicit MxIntHardware(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        exponent_width_(static_cast<int>(o.integer("exponent_width"))),
        tile_(formats::checked_block_size(o, "parallelism")),
        mase_compat_(o.boolean("mase_compat")),
        // A carry of all ones makes the ceiling of the floor.
        rounding_({(1 << 23) - 1, 1 - width_, -(1 << (exponent_width_ - 1)), most(), 0, low(),
                   -low() - 1}) {
    if (tile_.size() != 2) {
      throw lathe::invalid_argument(
          "two extents are wanted, eg [1, 4]: those of a tile in the "
          "last two dimensions")
          .at_option("parallelism");
    }
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const formats::BlockGrid grid(x.shape(), extents(context.site(), x.shape()));
    if (mase_compat_) {
      original(grid, x, y);
      return;
    }
    rounding_.quantize(grid, x.data(), y.data(), x.size());
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (mase_compat_) formats::no_codes_of_the_original();
    std::vector<float> values(x.size());
    const formats::Extents block = extents(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), block);
    rounding_.quantize(grid, x.data(), values.data(), x.size());
    return formats::codes_of_fixed(grid, block, rounding_.exponents(grid, x.data()), width_, values,
                                   codes);
  }

  lathe_component_flags active_flags() const { return !mase_compat_ ? LATHE_FLAG_ROWS_APART : 0; }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site.shape(), extents(site, site.shape()), width_,
                                      exponent_width_);
  }
  std::vector<lathe::value> precision() const {
    return {width_, exponent_width_, lathe::value::list_of(tile_)};
  }

 private:
  int most() const { return (1 << (exponent_width_ - 1)) - 1; }
  double low() const { return -std::ldexp(1.0, width_ - 1); }

  // Tiles are of the last two dimensions: of a tensor with fewer the first extent is passed over.
  formats::Extents extents(const lathe::site& site, lathe::shape shape) const {
    formats::Extents tile = tile_;
    if (shape.size() < tile.size()) tile.erase(tile.begin());
    return formats::block_extents(tile, shape, site.is_activation() && !mase_compat_);
  }

  void original(const formats::BlockGrid& grid, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const int least = -(1 << (exponent_width_ - 1)), last = most();
    const float lowest = -std::ldexp(1.0F, width_ - 1), highest = -lowest - 1.0F;
    const std::vector<float> largest =
        formats::shared_by_blocks(grid, x.data(), formats::Largest{});
    formats::original_blocks(grid, x.data(), y.data(), largest, [=](float v, float of) {
      const float offset = static_cast<float>(least);
      const int e =
          formats::original_exponent(std::ceil(formats::original_log2(of)) + offset, least, last);
      const float k = std::floor(std::ldexp(v, -e));
      return std::ldexp(k < lowest ? lowest : k > highest ? highest : k, e);
    });
  }

  int width_, exponent_width_;
  formats::Extents tile_;
  bool mase_compat_;
  formats::FixedRounding rounding_;
};

}  // namespace

LATHE_MODULE(lathe::format<MxIntHardware>(
    "mxint_hardware", "1.0.0", "Integers times one power of two for each tile of two dimensions."))
