// Functions that files write out in their parts.
#pragma once

#include "../network.hpp"

namespace onnx_reader {

// Whether `node`, a division, begins PyTorch's GELU, x * (1 + erf(x / sqrt(2))) / 2; then it is
// made.
bool is_gelu(Network& net, const Node& node);

}  // namespace onnx_reader
