// What a search takes over from the study that it goes on with. Knows nothing of samplers.
#pragma once

#include "core/search/plan/options.hpp"
#include "core/search/study/journal.hpp"

#include <deque>

namespace lathe {

// A trial of a study. One that Optuna completed, which does not know the
// constraints, counts as if it met none, as there. One that ran while two processes ended is set
// aside: it has failed.
Slot recalled_slot(const StoredTrial& stored, const SearchOptions& options);
// All of them, in number order.
std::deque<Slot> recalled_trials(Study& study, const SearchOptions& options);

// Trials that run the failed ones once more, with their points, in number order; those that were
// run again already are left out, and one whose helper process ended twice, with a warning. What
// they are is kept as Optuna's RetryFailedTrialCallback does.
std::deque<Trial> retries_of(const std::deque<Slot>& recalled);

}  // namespace lathe
