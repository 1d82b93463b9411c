#include "core/graph/node_table.hpp"

namespace lathe {

void NodeTable::append(Shared<Node> node, Shared<Attributes> attributes) {
  nodes_.append(std::move(node));
  attributes_.append(std::move(attributes));
}

Shared<Node> NodeTable::take(NodeId id) {
  attributes_.own(index_of(id)) = nullptr;
  return std::exchange(nodes_.own(index_of(id)), nullptr);
}

}  // namespace lathe
