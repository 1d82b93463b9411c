// The loop of a search over any evaluation: suggests, evaluates on worker threads, stores, resumes.
// Knows nothing of graphs and passes.
//
// Order is the invariant. Trial k is suggested when the trials below k are suggested and those
// below k - lookahead have ended; the sampler is told exactly that, in number order, and the pruner
// compares the trial with exactly those. Which worker ends first changes nothing, so any number of
// workers, and a search that was killed and resumed, give the same trials.
#pragma once

#include "core/search/loop/evaluation.hpp"
#include "core/search/loop/result.hpp"

namespace lathe {

// `study` may be null: nothing is stored. Its trials count as done; those that a killed process
// left running are run again with the same number and point.
SearchResult run_trials(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                        Study* study, const Evaluate& evaluate, const SearchEvents& events,
                        const std::atomic<bool>& cancelled);

}  // namespace lathe
