// A graph seen as one chain of dense layers, if it is one. Knows nothing about how they are
// computed.
#pragma once

#include "core/graph/graph.hpp"
#include "core/run/backend.hpp"
#include "core/run/quantizer.hpp"

#include <optional>

namespace lathe::dense {

struct Layer {
  enum class Kind { linear, batch_norm, relu };
  Kind kind = Kind::relu;
  std::size_t in = 0, out = 0;  // features
  run::Quantizer input_format, weight_format, bias_format;
  // Null: it has none. The last three: of a batch norm.
  const Parameter* weight = nullptr;
  const Parameter* bias = nullptr;
  const Parameter* running_mean = nullptr;
  const Parameter* running_variance = nullptr;
  const Parameter* batches = nullptr;
  double eps = 0, momentum = 0;
  bool cumulative = false;  // running statistics are plain averages
};

struct Chain {
  Graph graph;               // owns what layers point to
  std::size_t features = 0;  // of a sample
  std::vector<Layer> layers;
  // The input, then each node in order, with the number of layers that make its result: a reshaping
  // that leaves rows as they are has the number of what it reads.
  struct Place {
    NodeId node;
    std::size_t layers;
  };
  std::vector<Place> places;
};

// Nothing if the graph is anything else, or if one of its formats has to be seen by autograd.
std::optional<Chain> chain_of(const Graph& graph, const Registry& registry, run::Mode mode);

}  // namespace lathe::dense
