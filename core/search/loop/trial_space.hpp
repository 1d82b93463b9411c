// The search space of a config for passes that ask (core/host/trial_space.hpp).
#pragma once

#include "core/search/space/build_space.hpp"

#include "core/host/trial_space.hpp"

namespace lathe {

// `search_space`: [search.search_space]; `model`: the model's options; null: none are known. What
// the arguments refer to must outlive what is returned, but for the graph. Throws usage_error with
// the position, also for a space that no trial could run. Warns of seeds that choose nothing.
std::unique_ptr<TrialSpace> open_trial_space(const Value& search_space, const Graph& graph,
                                             const Registry& registry, const OptionTable* model,
                                             const RunContext& context);

}  // namespace lathe
