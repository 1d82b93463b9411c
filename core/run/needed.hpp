// Which nodes must be computed for which results. Knows nothing about what nodes compute.
#pragma once

#include "core/graph/graph.hpp"

#include <functional>

namespace lathe::run {

enum class Need : std::uint8_t { skip, given, compute };

// By node id: what is needed for those in `wanted`, `given` aside: what it returns true for is
// there already.
std::vector<Need> needed_for(const Graph& graph, const std::vector<NodeId>& wanted,
                             const std::function<bool(NodeId)>& given = {});

// Nodes read whose results are tensors, in argument order, repeats kept.
std::vector<NodeId> tensor_inputs(const Graph& graph, NodeId id);

}  // namespace lathe::run
