// Weights of which a number format leaves nothing, or next to nothing, so that the layer computes
// no more than its bias and never learns; and weights of which over half become zero, unless zero
// is one of a format's two answers, as of ternary ones.
#pragma once

#include "core/graph/graph.hpp"
#include "core/plugin/registry.hpp"

namespace lathe::run {

// A sentence for each such node, in graph order: node, operand, format and what would help. Makes
// the contents of weights that have a format. Formats that draw at random are passed over.
std::vector<std::string> weights_rounded_away(const Registry& registry, const Graph& graph);

}  // namespace lathe::run
