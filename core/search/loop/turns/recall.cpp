#include "core/search/loop/turns/recall.hpp"

#include "core/base/log.hpp"
#include "core/search/loop/evaluation.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>

namespace lathe {

Slot recalled_slot(const StoredTrial& stored, const SearchOptions& options) {
  constexpr std::int64_t kMostKilled = 2;
  Slot slot;
  slot.trial = trial_of(stored);
  slot.written = stored.state;
  Trial& trial = slot.trial;
  if (trial.state == TrialState::complete)
    trial.constraints.resize(options.constraints.size(), std::numeric_limits<double>::max());
  if (trial.state != TrialState::running || stored.killed == 0) return slot;
  slot.suspect = stored.killed < kMostKilled;
  if (slot.suspect) return slot;
  trial.state = TrialState::fail;
  trial.completed = std::chrono::system_clock::now();
  trial.error = fmt::format(
      "set aside, because {} processes were killed or crashed while it ran; --retry-failed runs it "
      "once more",
      stored.killed);
  return slot;
}

std::deque<Slot> recalled_trials(Study& study, const SearchOptions& options) {
  std::deque<Slot> trials;
  study.take_over();
  study.each_trial(
      [&](const StoredTrial& stored) { trials.push_back(recalled_slot(stored, options)); });
  return trials;
}

namespace {

// Its helper process ended, and so did that of the trial which it runs once more.
bool crashed_twice(const Trial& trial, const std::deque<Slot>& recalled) {
  if (trial.retries.empty() || trial.retries.back() >= recalled.size()) return false;
  const Trial& first = recalled[trial.retries.back()].trial;
  return trial.error.starts_with(kHelperEnded) && first.error.starts_with(kHelperEnded);
}

}  // namespace

std::deque<Trial> retries_of(const std::deque<Slot>& recalled) {
  std::set<std::uint64_t> retried;
  for (const Slot& slot : recalled)
    retried.insert(slot.trial.retries.begin(), slot.trial.retries.end());
  std::deque<Trial> again;
  for (const Slot& slot : recalled) {
    const Trial& trial = slot.trial;
    if (trial.state != TrialState::fail || retried.contains(trial.number)) continue;
    if (crashed_twice(trial, recalled)) {
      log_warning("trial {} is set aside, because its helper process ended twice: {}", trial.number,
                  trial.error);
      continue;
    }
    Trial& retry = again.emplace_back();
    retry.state = TrialState::waiting;
    retry.point = trial.point;
    retry.retries = trial.retries;
    retry.retries.push_back(trial.number);
  }
  return again;
}

}  // namespace lathe
