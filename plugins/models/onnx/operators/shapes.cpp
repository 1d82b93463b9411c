#include "shapes.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

constexpr std::int64_t kMostIntegers = 64;

}  // namespace

Value integers_value(Extents integers, bool scalar) {
  Value out;
  out.type = onnx::TensorProto::INT64;
  const bool open =
      std::any_of(integers.begin(), integers.end(), [](Extent e) { return e.of_batch; });
  if (open) {
    out.integers = std::move(integers);
    out.is_scalar = scalar;
    return out;
  }
  std::vector<std::int64_t> numbers, dims;
  for (const Extent e : integers) numbers.push_back(e.number);
  if (!scalar) dims.push_back(static_cast<std::int64_t>(numbers.size()));
  out.constant = integers_constant(std::move(numbers), std::move(dims));
  return out;
}

bool is_shape_like(const Value& value) {
  if (value.integers) return true;
  return value.constant && !is_real(value.constant->type()) && value.rank() <= 1 &&
         value.constant->count() <= kMostIntegers;
}

Extents integers_of(const Value& value) {
  if (value.integers) return *value.integers;
  if (!is_shape_like(value)) {
    throw lathe::invalid_argument("a shape is no short list of integers that the file has");
  }
  Extents out;
  for (const std::int64_t x : value.constant->integers()) out.push_back({x, false});
  return out;
}

Extents extents_of(const Value& value) {
  if (value.is_tensor()) return value.extents;
  Extents out;
  if (value.integers && !value.is_scalar) {
    out.push_back({static_cast<std::int64_t>(value.integers->size()), false});
  }
  for (std::size_t d = 0; value.constant && d < value.rank(); ++d) {
    out.push_back({value.constant->dims()[d], false});
  }
  return out;
}

ConstantPtr plain_constant(const Value& value) {
  return value.format ? quantized(value.constant, value.format) : value.constant;
}

}  // namespace onnx_reader
