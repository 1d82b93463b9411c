// Gradients of a graph for a given upstream gradient: what a training step sees, laid open.
// No LibTorch in this header.
#pragma once

#include "core/graph/graph.hpp"
#include "core/plugin/registry.hpp"

#include <map>
#include <string>
#include <vector>

namespace lathe::engine {

struct Gradients {
  Tensor output;
  std::vector<Tensor> inputs;                // one per placeholder
  std::map<std::string, Tensor> parameters;  // by qualified name
};

// One step forwards in training mode and backwards from `upstream`, of the output's shape.
// REQUIRES: float32 inputs, one per placeholder; one output.
LATHE_EXPORT Gradients gradients(const Registry& registry, const Graph& graph,
                                 const std::vector<Tensor>& inputs, const Tensor& upstream);

}  // namespace lathe::engine
