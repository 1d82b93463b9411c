// The structural rules of a graph, shared by the verifier and by commits.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

// Throws an error that names the node, for the first rule a graph breaks.
void verify(const Graph& graph);

// Order, arguments and the output; `edges` need no uses yet. `removed` is for messages.
void verify_structure(const NodeTable& nodes, const EdgeColumns& edges,
                      std::span<const RemovedNode> removed);

// Modules of one target must be one module: same op, same attributes. Whether there are any.
bool verify_shared_modules(const NodeTable& nodes, std::span<const NodeId> order);

}  // namespace lathe
