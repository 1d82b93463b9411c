// MASE's metadata of a node, derived from the graph whenever it is asked for: {common, software,
// hardware} with MASE's keys, the [D] corrections of mase-behaviour.md a.4 to a.6 applied.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

Value node_metadata(const Graph& graph, NodeId id);

}  // namespace lathe
