// What a search is: who suggests and gives up, how many trials, what is measured. A study can be
// resumed by a search of the same options only.
#pragma once

#include "core/search/plan/pruner.hpp"
#include "core/search/plan/sampler.hpp"

namespace lathe {

struct SearchOptions {
  SamplerChoice sampler;
  PrunerChoice pruner;
  std::uint64_t seed = 0;
  // Of the study: those that a resumed one already has count. 0: until the time is up.
  std::int64_t n_trials = 20;
  bool retry_failed = false;  // those of earlier runs, beyond n_trials if need be
  int jobs = 1;
  bool isolate = false;  // trials run in helper processes
  int lookahead = 4;
  bool repeat = false;  // trials may be at points that earlier ones had, while there are others
  bool repeats_evaluated = false;    // again, not with the earlier outcome: where values are noisy
  double timeout_seconds = 0;        // of the whole search; no trial starts after it; 0: none
  double trial_timeout_seconds = 0;  // of one trial, which then fails; 0: none
  std::vector<Metric> metrics;       // sorted by name, as MASE does
  std::vector<SearchConstraint> constraints;  // which the best trials meet
  bool sum_scaled_metrics = false;
  lathe_direction direction = LATHE_DIRECTION_MAXIMIZE;  // when summed
  // What else has to agree when a study is resumed, eg: {model: "jsc-toy", dataset: "jsc-sim"}.
  Value study_attributes{Value::Map{}};

  std::vector<lathe_direction> directions() const;  // one per objective
  std::vector<std::string> objectives() const;      // their names; "sum" if the metrics are summed
  std::vector<ReadScalar> scalars() const;          // metrics and constraints
};

}  // namespace lathe
