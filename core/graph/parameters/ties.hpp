// Tied weights: one parameter under the names of several nodes, as PyTorch has `head.weight =
// embedding.weight`. One of the names keeps the contents, and is the parameter's in all of them.
#pragma once

#include "core/graph/node_table.hpp"

#include <map>
#include <span>
#include <string>

namespace lathe {

// Names that are another's, and whose they are: {"wte.weight", "lm_head.weight"}.
using Ties = std::map<std::string, std::string>;

// What a parameter that the node owns is called where nothing is tied: "wte.weight".
std::string own_name(const Node& node, const Parameter& parameter);

// The name that keeps the contents of what is called `name`.
const std::string& kept_name(const Ties& ties, const std::string& name);

// Throws usage_error for a name that is no parameter's, and for one that is tied to a tied one.
void check_ties(const Ties& ties, const NodeTable& nodes, std::span<const NodeId> order);

// Without the names of nodes that are gone; if the one that kept the contents is, the first of the
// others keeps them, and parameters are renamed.
Ties renewed_ties(const Ties& ties, NodeTable& nodes, std::span<const NodeId> order);

}  // namespace lathe
