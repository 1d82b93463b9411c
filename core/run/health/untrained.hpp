// Layers that are evaluated though nobody trained them: found, and the one sentence on them.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe::run {

// Names of the nodes with parameters that neither a checkpoint nor a training gave, in graph order.
std::vector<std::string> untrained_layers(const Graph& graph);

// "eval_mode = true evaluates layers that nothing has trained: 'fc', 'head'; load weights ..."
// `who` does it, `way_out` says what else can be done. REQUIRES: there are some.
std::string untrained_text(std::string_view who, const std::vector<std::string>& layers,
                           std::string_view way_out);

}  // namespace lathe::run
