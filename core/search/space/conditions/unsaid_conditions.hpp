// The conditions that nobody writes: what a node's name and its bypass say of its other parameters.
#pragma once

#include "core/search/space/space_plan.hpp"

namespace lathe {

// A parameter of a node exists under the names that read it: a layer left as it is has no widths,
// nor has one that is passed by. `parameters` ends with those of the node, from `first` on; `name`
// is among them, or kNoParameter. `plans` are the node's, the name's own before what is beside it.
void set_unsaid_conditions(std::span<SearchParameter> parameters, std::size_t first,
                           std::size_t name, std::span<const PlannedNode> plans);

// The same for the table of an operand with a name of its own, as `plan` has it: its name exists
// while the node's own is not NA and the node is not passed by; the rest of the table under the
// names that read it. REQUIRES: set_unsaid_conditions() was called before.
void set_table_conditions(std::span<SearchParameter> parameters, std::size_t first,
                          std::size_t name, const PlannedNode& plan);

}  // namespace lathe
