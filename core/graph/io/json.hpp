// A graph as JSON, which round-trips together with the parameters (safetensors).
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

Value graph_to_json(const Graph& graph);
Graph graph_from_json(const Value& json, std::uint64_t seed);  // throws usage_error

}  // namespace lathe
