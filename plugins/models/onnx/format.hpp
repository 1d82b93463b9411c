// What a quantizer of QONNX or ONNX does to numbers, and which of Lathe's number formats that is.
#pragma once

#include "file/constant.hpp"

#include <lathe/lathe.hpp>

namespace onnx_reader {

struct Format {
  bool binary = false;  // -1 and 1
  int width = 8;
  bool is_signed = true, narrow = false;
  std::vector<float> scale = {1.0F};           // one, or one for each index of `axis`
  std::vector<std::int64_t> zero_point = {0};  // likewise
  std::optional<std::size_t> axis;
  std::string rounding = "half_even";

  bool operator==(const Format& other) const {
    return binary == other.binary && width == other.width && is_signed == other.is_signed &&
           narrow == other.narrow && scale == other.scale && zero_point == other.zero_point &&
           axis == other.axis && rounding == other.rounding;
  }
};
using FormatPtr = std::shared_ptr<const Format>;

struct ChosenFormat {
  const char* name;
  lathe::value options;
};
// `integer` where the scale is a power of two, unless the operand's op takes that for unsigned.
ChosenFormat chosen(const Format& format, bool op_is_unsigned);

// The numbers that the format makes of a constant's.
ConstantPtr quantized(const ConstantPtr& constant, const FormatPtr& format);

}  // namespace onnx_reader
