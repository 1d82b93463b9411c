// The tensors that a number format asks for, from the ABI's rows.
#pragma once

#include "core/graph/node.hpp"

#include <lathe/kind/format.h>

namespace lathe {

// Throws usage_error with what is wrong, as "asks for ...".
std::vector<StateSpec> read_state(const lathe_state_table& table);

}  // namespace lathe
