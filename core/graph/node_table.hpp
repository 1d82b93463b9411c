// The nodes of a graph by id, in blocks that copies share until one of them writes: copying a table
// costs nothing, and changing a node of a copy costs its block. Rows are never taken away.
#pragma once

#include "core/graph/node.hpp"

#include <array>

namespace lathe {

class NodeTable {
 public:
  std::size_t size() const { return size_; }
  // Null for a node that was removed. REQUIRES: id below size().
  const Node* find(NodeId id) const { return slot(id).get(); }

  void append(Shared<Node> node);
  Shared<Node> take(NodeId id);  // null from here on
  // To write to: a copy of the node unless this table alone has it. REQUIRES: alive.
  Node& own(NodeId id);

 private:
  static constexpr std::size_t kBlock = 256;
  using Block = std::array<Shared<Node>, kBlock>;
  using Blocks = std::vector<Shared<Block>>;

  const Shared<Node>& slot(NodeId id) const {
    return (*(*blocks_)[index_of(id) / kBlock])[index_of(id) % kBlock];
  }
  Shared<Node>& own_slot(NodeId id);

  Shared<Blocks> blocks_ = Shared<Blocks>::make();
  std::size_t size_ = 0;
};

// What a transaction took out of a table.
struct RemovedNode {
  NodeId id;
  Shared<Node> node;
};

}  // namespace lathe
