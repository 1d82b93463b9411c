// What a layer on integers must give: the levels of its operands, as the formats' own codes have
// them, multiplied and summed in 64 bits; times the scales, plus the bias, rounded once.
#pragma once

#include "tests/engine/engine.hpp"

#include <optional>

namespace lathe_test {

// (float)(scale * sum + bias), the exact value rounded once; 0 is positive.
float rounded_once(double scale, std::int64_t sum, float bias);

// Of a linear, conv1d, conv2d, matmul or bmm node that reads the placeholders, which are `inputs`
// of the graph's batch, and then constants. Nothing if it is no sum of integers: a scale changes
// within a sum.
std::optional<std::vector<float>> exact_result(const lathe::Registry& plugins, const Graph& graph,
                                               NodeId node, const std::vector<Tensor>& inputs);

}  // namespace lathe_test
