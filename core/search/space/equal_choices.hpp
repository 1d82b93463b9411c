// Choices that mean the same: a search would take them for different networks. Knows nothing of
// what they mean.
#pragma once

#include "core/search/space/space.hpp"

namespace lathe {

// Leaves of the choices of a parameter the first of each meaning. `meanings`: one per choice. What
// was dropped becomes a warning, said once of all parameters that one line of a file makes.
void merge_equal_choices(SearchParameter& parameter, std::span<const Value> meanings,
                         std::vector<std::string>& warnings);

}  // namespace lathe
