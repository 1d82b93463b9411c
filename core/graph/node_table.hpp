// The nodes of a graph and their attributes, by id. Attributes stand in a column of their own:
// nodes that are alike share them, and editing them leaves the nodes as they are. Rows are never
// taken away.
#pragma once

#include "core/base/shared_column.hpp"
#include "core/graph/node.hpp"

namespace lathe {

class NodeTable {
 public:
  std::size_t size() const { return nodes_.size(); }
  // Null for a node that was removed. REQUIRES: id below size().
  const Node* find(NodeId id) const { return nodes_[index_of(id)].get(); }
  const Attributes& attributes(NodeId id) const { return *attributes_[index_of(id)]; }  // alive

  void append(Shared<Node> node, Shared<Attributes> attributes);
  Shared<Node> take(NodeId id);  // null from here on
  // To write to: a copy of the node unless this table alone has it. REQUIRES: alive.
  Node& own(NodeId id) { return nodes_.own(index_of(id)).own(); }
  // To write to, or to let it point elsewhere. REQUIRES: alive.
  Shared<Attributes>& own_attributes(NodeId id) { return attributes_.own(index_of(id)); }

 private:
  SharedColumn<Shared<Node>> nodes_;
  SharedColumn<Shared<Attributes>> attributes_;
};

// What a transaction took out of a table.
struct RemovedNode {
  NodeId id;
  Shared<Node> node;
};

}  // namespace lathe
