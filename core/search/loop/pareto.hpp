// Which trials are the best.
#pragma once

#include "core/search/study/trial.hpp"

#include <lathe/kind/sampler.h>

#include <cstddef>
#include <vector>

namespace lathe {

// Indexes of the best trials: the exact Pareto front in trial order, duplicates kept; with one
// objective the first trial that attains the best value. Trials without values never count.
std::vector<std::size_t> best_trials(const std::vector<std::vector<double>>& values,
                                     const std::vector<lathe_direction>& directions);

// The same of the trials that are complete and meet their constraints; if none does, the complete
// one that violates them least.
std::vector<std::size_t> best_trials(std::span<const Trial> trials,
                                     const std::vector<lathe_direction>& directions);

}  // namespace lathe
