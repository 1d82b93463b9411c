// The number formats that quantizers of a file stand for.
#pragma once

#include "../../network.hpp"

namespace onnx_reader {

// What a quantizer is told of its scale, zero point or bit width (`what`). Throws lathe::error if
// the file does not have it.
ConstantPtr quantizer_parameter(const Network& net, const Node& node, std::size_t i,
                                const char* what);
int width_of(const Network& net, const Node& node, std::size_t i);
// "half_even", "floor", ...: of its attribute, or of the word for what is not said.
std::string rounding_of(const Node& node, const char* otherwise);

// Of a DequantizeLinear or QuantizeLinear that has integers of that type.
FormatPtr linear_format(const Network& net, const Node& node, int type, std::size_t rank);
// QONNX's quantizers give numbers again; ONNX's are pairs, of which the second stands for both.
// Null: no quantizer.
FormatPtr format_of(const Network& net, const Node& node);

}  // namespace onnx_reader
