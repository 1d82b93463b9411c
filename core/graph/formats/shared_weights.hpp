// Weights that several nodes use: calls of one module, functions that read one tensor of the model.
// Such a weight is stored once, so it has one number format.
#pragma once

#include "core/graph/node_table.hpp"

#include <span>

namespace lathe {

// Whether any weight may be used by several nodes. `shares_modules`: two nodes have one module.
bool may_share_weights(const NodeTable& nodes, std::span<const NodeId> order, bool shares_modules);

// Throws usage_error that names two nodes which give a weight or bias that they share different
// number formats; float is one of them.
void verify_shared_formats(const NodeTable& nodes, std::span<const NodeId> order);

}  // namespace lathe
