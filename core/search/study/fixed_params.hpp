// What a person fixed of a trial that waits, by enqueuing it. Knows nothing of what else it gets.
#pragma once

#include "core/search/study/storage.hpp"

#include <span>

namespace lathe {

// The system attribute that has it, as Optuna's enqueue_trial() writes it.
constexpr std::string_view kFixedParams = "fixed_params";

// By name; a table, empty if nothing is fixed.
Value fixed_params(const StoredTrial& trial);

// Sets the numbers of what is fixed. What no parameter can be is said, as of `whose`, and left to
// the sampler.
void fix_parameters(std::vector<double>& point, const Value& fixed,
                    std::span<const StoredParameter> parameters, std::string_view whose);

}  // namespace lathe
