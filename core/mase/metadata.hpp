// MASE's metadata of nodes, derived from the graph whenever it is asked for: {common, software,
// hardware} with MASE's keys, the [D] corrections of docs/mase.md (Metadata) applied.
#pragma once

#include "core/graph/operands.hpp"

#include <lathe/value.h>

#include <memory_resource>

namespace lathe {

// Of the nodes of one graph. Graph and memory must outlive it and what it gave. Not thread-safe.
class Metadata {
 public:
  Metadata(const Graph& graph, std::pmr::memory_resource& memory)
      : graph_(graph), memory_(memory) {}

  // A tree that points into the graph and into the memory.
  lathe_value of(NodeId id);

 private:
  using Entries = std::vector<lathe_entry>;
  // What nodes of one profile share.
  struct Sections {
    lathe_value common, software;  // of kind NONE until they are made
  };

  Sections& sections(NodeId id, Sections& own);
  lathe_value common(NodeId id);
  lathe_value software(NodeId id);
  lathe_value hardware(NodeId id);
  void add_literals(NodeId id);
  void find_ends();

  const Graph& graph_;
  std::pmr::memory_resource& memory_;
  std::shared_ptr<const ProfileColumns> profiles_;  // null: no node was asked for yet
  std::vector<Sections> of_profile_;
  std::vector<bool> joined_to_end_;    // by id; made when the first implicit node is asked for
  std::vector<OperandView> operands_;  // of one node, to work with
  Entries args_, results_;             // the same
};

// The tree with `value` at a path ("hardware/interface/weight") in place of what is there, and maps
// made where there are none. Shares the rest with the tree, and points into path and value.
lathe_value overlaid(const lathe_value& tree, std::string_view path, const lathe_value& value,
                     std::pmr::memory_resource& memory);

// A copy of one.
Value node_metadata(const Graph& graph, NodeId id);

}  // namespace lathe
