// Shapes as values: short lists of integers that the file has, or that follow from shapes.
#pragma once

#include "../network.hpp"

namespace onnx_reader {

// A constant where no batch is in it.
Value integers_value(Extents integers, bool scalar = false);

bool is_shape_like(const Value& value);
// REQUIRES: it is. Throws lathe::error else.
Extents integers_of(const Value& value);

// Of any value.
Extents extents_of(const Value& value);

// The contents of a constant as they are used: quantized where it has a format.
ConstantPtr plain_constant(const Value& value);

}  // namespace onnx_reader
