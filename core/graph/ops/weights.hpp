// What rows of layers with a weight and a bias share. Only the op table's own files include this.
#pragma once

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

bool is_module(const Node& node);

void expect_positive(const Value& attributes, std::string_view name);

// They start as PyTorch's do: uniform on +-1/sqrt(fan_in), weight and bias alike.
std::vector<Parameter> weight_and_bias(const Shape& weight, std::int64_t channels, bool bias);

// A function has its bias as third input.
void check_function_bias(const OpInputs& in, std::int64_t channels);

}  // namespace lathe::rules
