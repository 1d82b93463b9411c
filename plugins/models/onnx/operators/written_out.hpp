// Functions that files write out in their parts: what they are found by, and those that are.
#pragma once

#include "../network.hpp"

namespace onnx_reader {

// The one reader of a value, if it is an `op`; null else.
const Node* only_reader(const Graph& graph, const std::string& value, std::string_view op);
// The other input of a node of two.
const std::string& other_input(const Node& node, const std::string& value);

// What stands at a name: one real number; null else.
const Value* number_at(const Network& net, const std::string& name);
bool is_number(const Network& net, const std::string& name, double wanted);
// So many numbers, without a format.
ConstantPtr vector_at(const Network& net, const std::string& name, std::int64_t count);

// Of a reduction: before opset 18 an attribute, since then an input.
std::vector<std::int64_t> reduced_axes(const Network& net, const Node& node);

// Whether `node` begins such a function; then it is made.
// A division: PyTorch's GELU, x * (1 + erf(x / sqrt(2))) / 2.
bool is_gelu(Network& net, const Node& node);
// A ReduceMean: PyTorch's layer norm before opset 17.
bool is_layer_norm(Network& net, const Node& node);
// A Reshape of a batch to `groups`: PyTorch's group norm.
bool is_group_norm(Network& net, const Node& node, const Extents& groups);

}  // namespace onnx_reader
