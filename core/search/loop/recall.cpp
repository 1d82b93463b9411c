#include "core/search/loop/recall.hpp"

#include "core/search/study/journal.hpp"

#include <limits>
#include <set>

namespace lathe {

std::deque<Trial> recalled_trials(Study& study, const SearchOptions& options) {
  std::deque<Trial> trials;
  for (const StoredTrial& stored : study.trials()) {
    Trial& trial = trials.emplace_back(trial_of(stored));
    if (trial.state == TrialState::complete)
      trial.constraints.resize(options.constraints.size(), std::numeric_limits<double>::max());
  }
  return trials;
}

std::deque<Trial> retries_of(const std::deque<Trial>& trials) {
  std::set<std::uint64_t> retried;
  for (const Trial& trial : trials) retried.insert(trial.retries.begin(), trial.retries.end());
  std::deque<Trial> again;
  for (const Trial& trial : trials) {
    if (trial.state != TrialState::fail || retried.contains(trial.number)) continue;
    Trial& retry = again.emplace_back();
    retry.state = TrialState::waiting;
    retry.point = trial.point;
    retry.retries = trial.retries;
    retry.retries.push_back(trial.number);
  }
  return again;
}

}  // namespace lathe
