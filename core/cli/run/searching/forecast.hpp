// What the trials of a search would take, told before any of them: by the smallest and the largest
// network that its space reaches. Opens no data.
#pragma once

#include "core/base/json.hpp"
#include "core/cli/run/session.hpp"
#include "core/search/search.hpp"

namespace lathe {

// Adds numbers to `cost`: smallest_parameters, largest_flops_per_sample, seconds_per_trial_at_most,
// memory_bytes_at_most, trials_in_time_budget, ...; what cannot be told beforehand is left out.
// `samples`: that a trial evaluates; 0: not known.
void add_forecast(Session& session, const SearchPlan& plan, const SearchSpace& space,
                  const Graph& original, std::int64_t samples, RunContext context, Json& cost);

}  // namespace lathe
