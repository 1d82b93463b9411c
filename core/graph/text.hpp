// Text and JSON forms of a graph: torch.fx's printout, and a JSON that round-trips together with
// the parameters (safetensors).
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

// As torch >= 2.1 prints it ("num_users="); `users_label` "#users" gives torch 1.13's.
std::string fx_text(const Graph& graph, std::string_view users_label = "num_users");

Value graph_to_json(const Graph& graph);
Graph graph_from_json(const Value& json, std::uint64_t seed);  // throws usage_error

}  // namespace lathe
