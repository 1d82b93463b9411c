// The order of a graph's nodes while a transaction changes it: a ring over ids, so that putting a
// node in and taking one out cost the same wherever it stands.
#pragma once

#include "core/graph/node.hpp"

#include <span>

namespace lathe {

class LinkedOrder {
 public:
  explicit LinkedOrder(std::span<const NodeId> order, std::size_t slots);
  NodeId last() const;  // none: it is empty
  NodeId before(NodeId id) const;
  void insert_after(NodeId place, NodeId id);  // none: first
  void erase(NodeId id);
  std::vector<NodeId> list() const;

 private:
  // Place 0 closes the ring; node i has place i + 1.
  static std::uint32_t place_of(NodeId id) { return id == NodeId::none ? 0 : index_of(id) + 1; }
  static NodeId id_at(std::uint32_t place) { return place == 0 ? NodeId::none : NodeId{place - 1}; }

  std::vector<std::uint32_t> next_, previous_;
  std::size_t size_ = 0;
};

}  // namespace lathe
