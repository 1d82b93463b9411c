// Transforms that left a graph as it was: a word for whoever meant to change something.
#pragma once

#include "core/pipeline/pipeline.hpp"

namespace lathe {

// Whether the nodes of two graphs are the same, in the same order. Goes by addresses where nodes
// are shared.
bool same_nodes(const Graph& a, const Graph& b);

// "pass 'quantize' changed nothing: it has no entries ..." of a transform that left the graph as it
// was; else empty, and also for one that chooses no nodes by a node map, but reported something.
std::string unchanged_text(const Step& step, const Graph& before, const Graph& after,
                           const PassReport& report);

}  // namespace lathe
