#include "format.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_reader {

namespace {

constexpr int kWidestFraction = 64;

// n where x is 2^-n.
std::optional<int> binary_places(float x) {
  int exponent = 0;
  if (std::frexp(x, &exponent) != 0.5F) return std::nullopt;
  const int places = 1 - exponent;
  if (places < -kWidestFraction || places > kWidestFraction) return std::nullopt;
  return places;
}

float rounded(const std::string& how, float x) {
  if (how == "floor") return std::floor(x);
  if (how == "ceil") return std::ceil(x);
  if (how == "toward_zero") return std::trunc(x);
  return std::nearbyint(x);
}

}  // namespace

ChosenFormat chosen(const Format& format, bool op_is_unsigned) {
  if (format.binary) return {"binary", lathe::value::map()};
  const bool plain = !format.narrow && format.scale.size() == 1 && format.rounding == "half_even" &&
                     format.zero_point == std::vector<std::int64_t>{0};
  const std::optional<int> places = plain ? binary_places(format.scale[0]) : std::optional<int>();
  if (places && (!op_is_unsigned || !format.is_signed)) {
    return {"integer", lathe::value::map({{"width", format.width},
                                          {"frac_width", *places},
                                          {"is_signed", format.is_signed}})};
  }
  lathe::value options =
      lathe::value::map({{"width", format.width},
                         {"is_signed", format.is_signed},
                         {"narrow", format.narrow},
                         {"scale", lathe::value::list_of(format.scale)},
                         {"zero_point", lathe::value::list_of(format.zero_point)},
                         {"rounding", format.rounding}});
  if (format.axis) options.set("axis", static_cast<std::int64_t>(*format.axis));
  return {"affine", std::move(options)};
}

ConstantPtr quantized(const ConstantPtr& constant, const FormatPtr& format) {
  return derived(
      constant->type(), constant->dims(),
      [constant, format] {
        Contents all = constant->contents();
        const Format& f = *format;
        std::size_t inner = 1, along = 1;
        if (f.axis) {
          along = static_cast<std::size_t>(constant->dims()[*f.axis]);
          for (std::size_t d = *f.axis + 1; d < constant->rank(); ++d) {
            inner *= static_cast<std::size_t>(constant->dims()[d]);
          }
        }
        const auto high = std::ldexp(1.0F, f.is_signed ? f.width - 1 : f.width) -
                          (f.narrow && !f.is_signed ? 2.0F : 1.0F);
        const auto low =
            f.is_signed ? -std::ldexp(1.0F, f.width - 1) + (f.narrow ? 1.0F : 0.0F) : 0.0F;
        for (std::size_t i = 0; i < all.reals.size(); ++i) {
          float& x = all.reals[i];
          const std::size_t index = i / inner % along;
          const float scale = f.scale[f.scale.size() == 1 ? 0 : index];
          const auto zero = static_cast<float>(f.zero_point[f.zero_point.size() == 1 ? 0 : index]);
          x = f.binary
                  ? (x >= 0 ? 1.0F : -1.0F)
                  : (rounded(f.rounding, std::min(std::max(x / scale + zero, low), high)) - zero) *
                        scale;
        }
        return all;
      },
      {constant});
}

}  // namespace onnx_reader
