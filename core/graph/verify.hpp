// The structural rules of a graph, shared by the verifier and by commits.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

// Names, order, arguments and the output. `name_of` names a node that is gone.
using Nodes = std::vector<std::shared_ptr<const Node>>;
void verify_structure(const Nodes& nodes, std::span<const NodeId> order,
                      const std::unordered_map<std::uint32_t, std::string>& removed);

// Modules of one target must be one module: same op, same attributes.
void verify_shared_modules(const Nodes& nodes, std::span<const NodeId> order);

}  // namespace lathe
