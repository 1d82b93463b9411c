// Gradients of a graph for a given upstream gradient: what a training step sees, laid open.
// No LibTorch in this header.
#pragma once

#include "core/graph/graph.hpp"
#include "core/plugin/registry.hpp"

#include <map>
#include <string>
#include <vector>

namespace lathe_test {

struct Gradients {
  lathe::Tensor output;
  std::vector<lathe::Tensor> inputs;                // one per placeholder
  std::map<std::string, lathe::Tensor> parameters;  // by qualified name
};

// One step forwards in training mode and backwards from `upstream`, of the output's shape.
// REQUIRES: float32 inputs, one per placeholder; one output.
Gradients gradients(const lathe::Registry& registry, const lathe::Graph& graph,
                    const std::vector<lathe::Tensor>& inputs, const lathe::Tensor& upstream);

}  // namespace lathe_test
