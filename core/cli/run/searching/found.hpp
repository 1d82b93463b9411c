// What a search found: its part of the report, and what a person reads of it.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/search/search.hpp"

namespace lathe {

// "best", "space", "trials", "failures", ..., and the texts.
void add_found(const SearchResult& result, const SearchOptions& options, const SearchSpace& space,
               const SearchPlace& place, Results& results);

}  // namespace lathe
