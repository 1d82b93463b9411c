#include "core/search/loop/told_outcome.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// A value that is NaN, as another program may have stored, is none.
lathe_trial_state sampler_state(const Trial& trial) {
  const bool compares =
      std::ranges::none_of(trial.values, [](double value) { return std::isnan(value); });
  if (trial.state == TrialState::complete && compares) return LATHE_STATE_COMPLETE;
  return trial.state == TrialState::pruned ? LATHE_STATE_PRUNED : LATHE_STATE_FAIL;
}

}  // namespace

ToldOutcome::ToldOutcome(const Trial& trial, bool turned) {
  for (const auto& [step, value] : trial.intermediates) {
    steps_.push_back(step);
    // Samplers take what was watched for a value of the first objective's kind.
    intermediate_.push_back(turned ? -value : value);
  }
  outcome_ = {trial.number, sampler_state(trial), trial.values, steps_, intermediate_};
  if (outcome_.state == LATHE_STATE_COMPLETE) outcome_.constraints = trial.constraints;
}

}  // namespace lathe
