// A graph as torch.fx prints it.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

// As torch >= 2.1 prints it ("num_users="); `users_label` "#users" gives torch 1.13's.
std::string fx_text(const Graph& graph, std::string_view users_label = "num_users");

}  // namespace lathe
