// The loop of a search over any evaluation: suggests, evaluates on worker threads, stores, resumes.
// Knows nothing of graphs and passes.
//
// Order is the invariant. Trial k is suggested when the trials below k are suggested and those
// below k - lookahead have ended; the sampler is told exactly that, in number order, and the pruner
// compares the trial with exactly those. Which worker ends first changes nothing, so any number of
// workers, and a search that was killed and resumed, give the same trials.
#pragma once

#include "core/search/sampler.hpp"

namespace lathe {

// What an evaluation found out about a point.
struct Scalars {
  Value software{Value::Map{}};
  Value hardware{Value::Map{}};
  bool pruned = false;  // given up as `report` said; there are no scalars
  std::vector<std::string> untrained;
};
// Tells how an evaluation comes along, by rising step; true: it is to be given up as hopeless. An
// evaluation that has nothing left to do by then may end as usual.
using Report = std::function<bool(std::int64_t step, double value)>;
// Evaluates one point; an Error thrown fails the trial with its text. `worker` is below jobs and
// never used by two threads at once. `stop` becomes true when the trial is to be given up.
using Evaluate =
    std::function<Scalars(int worker, std::uint64_t trial, std::span<const double> point,
                          const std::atomic<bool>& stop, const Report& report)>;

// `study` may be null: nothing is stored. Its trials count as done; those that a killed process
// left running are run again with the same number and point.
SearchResult run_trials(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                        Study* study, const Evaluate& evaluate, const SearchEvents& events,
                        const std::atomic<bool>& cancelled);

// What a study of this search is called and must agree on.
StudyDescription study_description(const SearchOptions& options, const SearchSpace& space);

}  // namespace lathe
