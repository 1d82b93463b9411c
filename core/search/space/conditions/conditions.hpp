// The conditions that a search space writes: when = {name = ["integer"]}.
#pragma once

#include "core/search/space/space.hpp"

namespace lathe {

// Looks up what each `when` names: a key of the same table, or the whole name of a parameter, eg
// "training/batch_size". Throws usage_error with the place for one that cannot be.
void set_conditions(std::vector<SearchParameter>& parameters);

}  // namespace lathe
