// Small networks with number formats, as chains of layers on integers and what lies between them.
#pragma once

#include "tests/engine/engine.hpp"

namespace lathe_test {

struct SmallNetwork {
  std::string name;
  Graph graph;
  Tensor x;
  std::vector<std::string> layers;  // names of convolutions and linear layers
  bool rows_apart = true;           // the same in portions of any size
};

// `any`: of all bytes; else data from 0 to 127, whose products are exact everywhere.
std::vector<SmallNetwork> small_networks(bool any);
// Any nodes that read any earlier ones, with any formats or none.
SmallNetwork random_network(std::uint64_t seed, bool any);

// The network of one node, its formats and contents kept, that reads placeholders.
Graph alone(const Graph& graph, NodeId node);

// The numbers of a tensor, with `value` at every seventh place of one row.
Tensor with_row_spoilt(const Tensor& x, std::int64_t row, float value);

// Numbers from -2 to 2 of a fixed formula.
Tensor noise(const Shape& shape, int salt);

}  // namespace lathe_test
