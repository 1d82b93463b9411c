// Whether all of a file is known: its operators, their domains, attributes and numbers of inputs.
#pragma once

#include "operators.hpp"

namespace onnx_reader {

// The version of ONNX's own operators that the file asks for.
std::int64_t opset_of(const onnx::ModelProto& model);

// The row of each node, in the file's order. Throws lathe::error that names every node with what is
// not known of it.
std::vector<const Operator*> known_operators(const onnx::ModelProto& model, std::int64_t opset);

}  // namespace onnx_reader
