// A network as a list of layers, for figures of networks that no plugin builds.
#pragma once

#include "core/base/json.hpp"
#include "core/graph/graph.hpp"

namespace lathe {

// {"input": [3, 32, 32], "layers": [{"name", "op", "of", ...}]}: each layer reads the one before
// it, or those that "of" names, and what else it says are the op's attributes. For one sample.
// Throws usage_error.
Graph graph_of_layers(const Json& network, const OpSet& ops);

}  // namespace lathe
