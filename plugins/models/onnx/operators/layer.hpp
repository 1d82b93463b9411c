// What operators with weights have in common: a module in PyTorch, its parameters and formats.
#pragma once

#include "../network.hpp"

namespace onnx_reader {

// Says which module a node is: another node of the same is another call of it.
std::string identity_of(const Network& net, const Node& node);

// A layer of the graph, with weights and formats.
struct Layer {
  lathe::node_id node;
  std::string_view op;
};

void give_weight(Network& net, const Layer& layer, std::string_view role, const Weight& weight);

void set_layer(Network& net, const Node& node, const Layer& layer, const Value& x, Extents extents,
               std::vector<std::size_t> order = {});

// As a vector of `channels`.
Weight as_vector(Weight bias, std::int64_t channels);

// Where the result of a layer goes, and what is added to it as its bias.
struct Bias {
  const Node* result;
  std::optional<Weight> weight;
};
Bias following_bias(Network& net, const Node& node, std::int64_t channels, std::size_t from_end);

}  // namespace onnx_reader
