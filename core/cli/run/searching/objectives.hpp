// The objectives of a search as a person knows them: metrics without the scales that the search
// puts on them.
#pragma once

#include "core/search/search.hpp"

namespace lathe {

// What objective number `objective` has as `value`: the metric itself, or the sum as it is.
double unscaled(const SearchOptions& options, std::size_t objective, double value);

// Makes `best`, which is empty at first, the best of each objective.
void note_best(const SearchOptions& options, const std::vector<double>& values,
               std::vector<double>& best);

}  // namespace lathe
