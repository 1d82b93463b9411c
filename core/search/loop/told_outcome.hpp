// A trial as samplers are told of it.
#pragma once

#include "core/search/plan/sampler.hpp"
#include "core/search/study/trial.hpp"

namespace lathe {

class ToldOutcome {
 public:
  // `turned`: what was watched goes the other way than the first objective. REQUIRES: the trial
  // outlives it.
  ToldOutcome(const Trial& trial, bool turned);
  ToldOutcome(const ToldOutcome&) = delete;
  ToldOutcome& operator=(const ToldOutcome&) = delete;
  const TrialOutcome& operator*() const { return outcome_; }

 private:
  std::vector<std::int64_t> steps_;
  std::vector<double> intermediate_;
  TrialOutcome outcome_;
};

}  // namespace lathe
