// Parameters across the nodes of a graph: those of one name are one parameter, whichever node reads
// them.
#pragma once

#include "core/graph/node_table.hpp"

#include <span>

namespace lathe {

// Gives parameters of one name one content; trained contents win, then those of a chosen
// initialiser. Throws usage_error if they differ in shape, type or chosen initialiser.
void share_parameters(NodeTable& nodes, std::span<const NodeId> order);

struct GivenContent {
  NodeId node;
  std::string parameter;
  Tensor tensor;
  bool trained = true;
};
// Nodes that are gone are passed over; what does not fit throws an error that names the node.
void give_contents(NodeTable& nodes, std::span<const NodeId> order,
                   std::span<const GivenContent> contents);

}  // namespace lathe
