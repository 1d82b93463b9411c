// What readers of a graph look up: order, names, readers of each node. Built when the structure
// changes and shared by all copies that have the same structure.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

struct GraphIndex {
  std::vector<NodeId> order;
  std::unordered_map<std::string, NodeId> by_name;
  // Readers of id: uses[use_begin[id]] up to uses[use_begin[id + 1]], each once, in order.
  std::vector<std::uint32_t> use_begin;
  std::vector<NodeId> uses;
  NodeId output = NodeId::none;
};

std::shared_ptr<const GraphIndex> make_index(const std::vector<std::shared_ptr<const Node>>& nodes,
                                             std::vector<NodeId> order);

}  // namespace lathe
