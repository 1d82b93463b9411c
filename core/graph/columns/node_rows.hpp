// A walk over all rows of a node table at the speed of memory.
#pragma once

#include "core/graph/node_table.hpp"

namespace lathe {

// Calls visit(i, node) for every id, with null for removed nodes. Nodes lie scattered in memory; a
// large graph is read at the speed of cache misses unless the next ones are on their way while this
// one is read.
template <typename Visit>
void for_each_row(const NodeTable& nodes, const Visit& visit) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i + kAhead < nodes.size()) {
      const auto* ahead =
          reinterpret_cast<const char*>(nodes.find(NodeId{static_cast<std::uint32_t>(i + kAhead)}));
      if (ahead != nullptr) {
        for (std::size_t offset = 0; offset < sizeof(Node); offset += 64) {
          __builtin_prefetch(ahead + offset);
        }
      }
    }
    visit(i, nodes.find(NodeId{static_cast<std::uint32_t>(i)}));
  }
}

}  // namespace lathe
