#include "core/graph/node_table.hpp"

namespace lathe {

Shared<Node>& NodeTable::own_slot(NodeId id) {
  return blocks_.own()[index_of(id) / kBlock].own()[index_of(id) % kBlock];
}

void NodeTable::append(Shared<Node> node) {
  if (size_ % kBlock == 0) blocks_.own().push_back(Shared<Block>::make());
  const NodeId id{static_cast<std::uint32_t>(size_++)};
  own_slot(id) = std::move(node);
}

Shared<Node> NodeTable::take(NodeId id) { return std::exchange(own_slot(id), nullptr); }

Node& NodeTable::own(NodeId id) { return own_slot(id).own(); }

}  // namespace lathe
