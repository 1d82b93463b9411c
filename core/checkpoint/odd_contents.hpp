// What is odd about the contents that a file gave the parameters of a graph: numbers that are not
// finite, another kind of number than the network computes with. Nothing of it is an error.
#pragma once

#include "core/checkpoint/checkpoint.hpp"

namespace lathe {

// A sentence for each kind of oddity, naming tensors as the file has them. `graph`: as
// load_parameters made it of that file.
std::vector<std::string> odd_contents(const Graph& graph, const Checkpoint& checkpoint,
                                      const LoadReport& report);

}  // namespace lathe
