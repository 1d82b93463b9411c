// MASE's metadata of nodes, derived from the graph whenever it is asked for: {common, software,
// hardware} with MASE's keys, the [D] corrections of docs/mase.md (Metadata) applied.
#pragma once

#include "core/graph/operands.hpp"

#include <lathe/value.h>

#include <memory_resource>

namespace lathe {

// Of the nodes of one graph, which must outlive it. Not thread-safe.
class Metadata {
 public:
  explicit Metadata(const Graph& graph) : graph_(graph) {}

  // A tree that points into the graph and into `memory`.
  lathe_value of(NodeId id, std::pmr::memory_resource& memory);

 private:
  using Entries = std::vector<lathe_entry>;

  lathe_value common(NodeId id, std::pmr::memory_resource& memory);
  lathe_value software(NodeId id, std::pmr::memory_resource& memory);
  lathe_value hardware(NodeId id);
  void add_literals(NodeId id, std::pmr::memory_resource& memory);
  void find_ends();

  const Graph& graph_;
  std::vector<bool> joined_to_end_;    // by id; made when the first implicit node is asked for
  std::vector<OperandView> operands_;  // of one node, to work with
  Entries args_, results_;             // the same
};

// A copy of one.
Value node_metadata(const Graph& graph, NodeId id);

}  // namespace lathe
