// What nodes work on and what that costs: one profile for all nodes that are alike, so that those
// of a large graph are made in the time it takes to tell which are. Immutable, so thread-safe.
#pragma once

#include "core/graph/columns/lazy.hpp"

#include <lathe/svc/graph.h>

namespace lathe {

class AlikeNodes;
class Graph;

struct ProfileColumns {
  std::vector<std::uint32_t> of_node;  // by id: which of `rows`
  std::vector<lathe_profile> rows;     // the first one is that of removed nodes: nothing

  // Those of `earlier` (if not null) serve all nodes that are not among the `edited`.
  ProfileColumns(const Graph& graph, const ProfileColumns* earlier, std::span<const NodeId> edited);

  const lathe_profile& operator[](NodeId id) const { return rows[of_node[index_of(id)]]; }

 private:
  struct Memory;
  void give(const Graph& graph, NodeId id, AlikeNodes& alike, Memory& memory);
  void make_all(const Graph& graph, Memory& memory);
  void make_edited(const Graph& graph, std::span<const NodeId> edited, Memory& memory);

  std::vector<std::shared_ptr<const Memory>> memory_;  // what rows point into
  std::size_t rows_of_all_ = 0;  // how many there were when all nodes were looked at
};

}  // namespace lathe
