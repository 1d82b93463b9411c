// What a number format does to numbers, as QONNX's Quant has it: integers times a scale, found by
// asking the format. Knows no format by name, so that those of plugins are written, too.
#pragma once

#include <lathe/lathe.hpp>

#include <optional>

namespace onnx_writer {

struct Quantizer {
  enum class Rounding : std::uint8_t { half_even, floor, ceil, toward_zero };

  bool is_bipolar = false;  // the sign times the scale
  int width = 8;
  bool is_signed = true, is_narrow = false;
  std::vector<float> scale = {1.0F};           // one, or one for each index of `axis`
  std::vector<std::int64_t> zero_point = {0};  // likewise
  std::optional<std::size_t> axis;
  Rounding rounding = Rounding::half_even;

  bool operator==(const Quantizer& other) const;
  bool has_zero_point() const;
  float low() const;  // codes, as float32
  float high() const;
  float scale_at(std::size_t index) const { return scale[scale.size() == 1 ? 0 : index]; }
  std::int64_t zero_point_at(std::size_t index) const {
    return zero_point[zero_point.size() == 1 ? 0 : index];
  }
  // Of one number: its code, and the value that the code stands for, as float32 computes them.
  float code(float x, std::size_t index) const;
  float value(float x, std::size_t index) const;
};

// The index along `axis` that each element of a tensor lies at.
class AlongAxis {
 public:
  AlongAxis(const std::optional<std::size_t>& axis, lathe::shape shape);
  std::size_t operator()(std::uint64_t element) const { return element / inner_ % extent_; }

 private:
  std::uint64_t inner_ = 1, extent_ = 1;
};

// Of a format on an activation whose rows have these extents. Throws lathe::error for one that does
// something else, or another thing to each tensor.
Quantizer quantizer_of_activation(const lathe::used_format& format,
                                  const std::vector<std::int64_t>& row);

// Of a format on a parameter, and numbers that the quantizer makes the format's values of: the
// parameter's own, or those values. Throws likewise.
struct QuantizedParameter {
  Quantizer quantizer;
  std::vector<float> numbers;
};
QuantizedParameter quantizer_of_parameter(const lathe::used_format& format,
                                          lathe::tensor<const float> parameter);

}  // namespace onnx_writer
