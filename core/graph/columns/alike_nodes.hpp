// Tells which nodes of a graph are alike: they have the same op, attributes, number formats, and
// types and shapes of what they read and make. Attributes and formats count as the same if they are
// shared (alike_parts.hpp): looking at one node costs no more than its row of the columns.
#pragma once

#include "core/graph/columns/columns.hpp"

#include <array>

namespace lathe {

class Graph;

class AlikeNodes {
 public:
  explicit AlikeNodes(const Graph& graph);  // which must outlive it
  // The number that was written for a node like this one; 0 if there was none, then write one.
  // REQUIRES: alive. Valid: until the next call.
  std::uint32_t& number_of(NodeId id);

 private:
  struct Place {
    std::uint64_t hash = 0;
    NodeId node = NodeId::none;  // the first of its like; none: the place is free
    std::uint32_t number = 0;
  };
  Place& place_of(std::uint64_t hash, NodeId id);
  void grow();
  std::uint64_t hash_of(NodeId id) const;
  bool alike(NodeId a, NodeId b) const;
  bool same_result(std::uint32_t a, std::uint32_t b) const;
  const void* formats_of(NodeId id) const;

  const NodeTable& nodes_;
  const std::shared_ptr<const EdgeColumns> edges_;
  const std::shared_ptr<const ResultColumns> results_;
  std::vector<Place> places_;  // a power of two, at most half of them taken
  std::size_t taken_ = 0;
  // By op: the place that was found last, which is likely to be the one; a guess, looked at anew.
  std::array<std::uint32_t, 64> recent_{};
};

}  // namespace lathe
