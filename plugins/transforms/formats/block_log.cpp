// Number format "block_log": signed powers of two whose exponent bias is a block's.
#include <lathe/lathe.hpp>

#include "blocks/block_option.hpp"
#include "blocks/exponent.hpp"
#include "blocks/original.hpp"
#include "table_codes.hpp"

namespace {

// What a block has of its own: bits of its least and largest power, lifted to where both are
// normal; `lower` takes the lift off.
template <class Float>
struct Powers {
  typename formats::Ieee<Float>::Signed least, largest;
  Float lift, lower;
};

template <class Float>
FORMATS_INLINE void round_powers(const float* x, float* y, formats::Panel panel,
                                 const Powers<Float>* shared) {
  formats::in_blocks(
      x, y, panel, shared, [](float v, const Powers<Float>& of) __attribute__((always_inline)) {
        const Float lifted = static_cast<Float>(v) * of.lift;
        return static_cast<float>(formats::nearest_power(lifted, of.least, of.largest) * of.lower);
      });
}
LATHE_KERNEL
void round_in_float(const float* x, float* y, formats::Panel panel, const Powers<float>* shared) {
  round_powers(x, y, panel, shared);
}
LATHE_KERNEL
void round_in_double(const float* x, float* y, formats::Panel panel, const Powers<double>* shared) {
  round_powers(x, y, panel, shared);
}

// E(largest) is nearest to log2: the bits of what is not below sqrt(2) * 2^E carry.
constexpr std::int32_t kCarry =
    (1 << 23) - static_cast<std::int32_t>(formats::Ieee<float>::kRootOfTwo);

template <class Float>
struct Rule : formats::ExponentTable<Powers<Float>> {
  using formats::ExponentTable<Powers<Float>>::ExponentTable;
  void apply(const float* x, float* y, formats::Panel panel, const Powers<Float>* shared) const {
    if constexpr (sizeof(Float) == sizeof(float)) {
      round_in_float(x, y, panel, shared);
    } else {
      round_in_double(x, y, panel, shared);
    }
  }
};

class BlockLog {
 public:
  static constexpr lathe_component_flags flags = LATHE_FLAG_ROWS_APART;
  static constexpr const char* details =
      "A block shares an exponent bias B; its values are `±2^E` with E from `-B` to "
      "`2^(width-1) - 1 - B`, so that a multiplication is a shift; there is no zero. "
      "`B = 2^(width-1) - 1 - E(largest)`, limited to 0 .. `2^exponent_bias_width - 1`, where "
      "E(largest) is nearest to log2 of the block's largest magnitude. x becomes the power whose "
      "exponent is nearest to `log2(abs(x))`; what lies beyond the ends becomes the end of its "
      "sign, "
      "and both zeros `+2^-B`: 0 where no float32 is so small. A block of zeros has the largest "
      "B.\n\n"
      "A NaN stays NaN and an infinity becomes the largest value of its sign; neither counts for "
      "the largest magnitude, but where nothing else but zeros is in the block an infinity counts "
      "as the largest float32. The gradient passes straight through. Codes are the stored bits: "
      "sign, then E + B.\n\n"
      "Source: Miyashita et al. 2016, Convolutional Neural Networks using Logarithmic Data "
      "Representation; MASE (`block_log`).\n\n"
      "Example: `lathe format 'block_log<width=5,block_size=[1, 16]>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value: sign and exponent.")
          .by_default("8")
          .within("2..16")
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

  explicit BlockLog(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))),
        bias_width_(static_cast<int>(o.integer("exponent_bias_width"))),
        block_(o),
        mase_compat_(o.boolean("mase_compat")),
        narrow_(kCarry, [&](int e) { return powers<float>(bias(e)); }),
        wide_(kCarry, [&](int e) { return powers<double>(bias(e)); }),
        biases_(kCarry, [&](int e) { return bias(e); }) {}

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (mase_compat_) {
      original(context.site(), x, y);
      return;
    }
    round(formats::BlockGrid(x.shape(), block_.extents(context.site(), x.shape())), x.data(),
          y.data(), x.size());
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (mase_compat_) formats::no_codes_of_the_original();
    // Levels are those with a bias that is near all that occur: both factors stay in range.
    const int central = std::min(top(), last_bias());
    lathe::integer_codes out = formats::level_table(width_, [&](std::int64_t code) {
      return std::ldexp(1.0, clip(static_cast<int>(code) - central, -1000, 1000));
    });
    std::vector<float> values(x.size());
    const formats::Extents block = block_.extents(context.site(), x.shape());
    const formats::BlockGrid grid(x.shape(), block);
    round(grid, x.data(), values.data(), x.size());
    const std::vector<int> biases = formats::shared_by_blocks(grid, x.data(), biases_);
    out.block_shape = block;
    out.scale.clear();
    for (const int bias : biases) out.scale.push_back(std::ldexp(1.0, central - bias));
    formats::for_each_element(grid, [&](std::uint64_t i, std::uint64_t b) {
      if (std::isnan(values[i])) throw lathe::invalid_argument("NaN has no code");
      const std::int64_t code = values[i] == 0 ? 0 : std::ilogb(values[i]) + biases[b];
      codes[i] = code + (std::signbit(values[i]) ? std::int64_t{1} << (width_ - 1) : 0);
    });
    return out;
  }

  lathe_component_flags active_flags() const {
    return !mase_compat_ && block_.keeps_rows_apart() ? LATHE_FLAG_ROWS_APART : 0;
  }
  double storage_bits(const lathe::site& site) const {
    return formats::storage_of_blocks(site, block_, mase_compat_, width_, bias_width_);
  }
  std::vector<lathe::value> precision() const {
    return {width_, bias_width_, lathe::value::list_of(block_.size())};
  }

 private:
  static int clip(int exponent, int low, int high) {
    return exponent < low ? low : exponent > high ? high : exponent;
  }
  int top() const { return (1 << (width_ - 1)) - 1; }  // the largest code of an exponent
  int last_bias() const { return (1 << bias_width_) - 1; }
  int bias(int exponent) const { return clip(top() - exponent, 0, last_bias()); }

  // Up to 8 bits the binades of a block are fewer than float's normal ones.
  bool is_narrow() const { return width_ <= 8; }

  template <class Float>
  Powers<Float> powers(int bias) const {
    using Of = formats::Ieee<Float>;
    if (sizeof(Float) == sizeof(float) && !is_narrow()) return {};
    // What is below 2^-149 comes out as 0.
    const int least = clip(-bias, -150, 127), largest = clip(top() - bias, -150, 127);
    const int lift = sizeof(Float) == sizeof(float) ? std::max(0, -126 - least) : 0;
    const auto bits_of_power = [](int exponent) {
      return formats::bits_as<typename Of::Signed>(formats::power_of_two<Float>(exponent));
    };
    return {bits_of_power(least + lift), bits_of_power(largest + lift),
            static_cast<Float>(std::ldexp(1.0, lift)), static_cast<Float>(std::ldexp(1.0, -lift))};
  }

  void round(const formats::BlockGrid& grid, const float* x, float* y, std::uint64_t count) const {
    if (is_narrow()) {
      formats::quantize_blocks(grid, x, y, count, narrow_);
    } else {
      formats::quantize_blocks(grid, x, y, count, wide_);
    }
  }

  void original(const lathe::site& site, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    // Its products leave their second factor as it is.
    if (site.role() == LATHE_ROLE_WEIGHT && (site.op() == "matmul" || site.op() == "bmm")) {
      std::copy(x.begin(), x.end(), y.begin());
      return;
    }
    const int most = top(), last = last_bias();
    formats::original_on_site(block_, site, x, y, [=](float v, float largest) {
      const float ceiling = std::ceil(formats::original_log2(largest));
      const int bias = formats::original_exponent(static_cast<float>(most) - ceiling, 0, last);
      const float shift = std::ldexp(1.0F, -bias) * 0.1F;
      const float shifted = v + shift;
      const int e = formats::original_exponent(
          std::nearbyint(formats::original_log2(std::fabs(v) + shift)), -bias, most - bias);
      return std::isnan(v) ? v : formats::original_sign(shifted) * std::ldexp(1.0F, e);
    });
  }

  int width_, bias_width_;
  formats::BlockOption block_;
  bool mase_compat_;
  Rule<float> narrow_;
  Rule<double> wide_;
  formats::ExponentTable<int> biases_;
};

}  // namespace

LATHE_MODULE(lathe::format<BlockLog>("block_log", "1.0.0",
                                     "Powers of two with an exponent bias for each block."))
