// The [search] table of a file, translated: MASE's strategy, setup, runners and metrics. Knows
// nothing about spaces, samplers or passes but their names.
#pragma once

#include "core/mase/runners.hpp"
#include "core/mase/search_constraint.hpp"
#include "core/options/text/component_text.hpp"

#include <lathe/kind/sampler.h>

namespace lathe {

struct SearchMetric {
  std::string name;
  double scale = 1.0;
  lathe_direction direction = LATHE_DIRECTION_MAXIMIZE;
  Position position;
};

struct SearchConfig {
  Value space{Value::Map{}};  // [search.search_space], for build_space
  bool eval_mode = true;      // no trial trains
  std::vector<SearchRunner> runners;
  std::vector<SearchMetric> metrics;                        // sorted by name, as MASE does
  std::vector<SearchConstraint> constraints;                // sorted by name
  ComponentText sampler;                                    // 'tpe<n_startup_trials=5>'
  ComponentText pruner{"none", Value{Value::Map{}}, {}};    // 'median<n_startup_trials=5>'
  std::optional<std::int64_t> n_trials, n_jobs, lookahead;  // 0 trials: as many as there are
  std::optional<double> timeout_seconds, trial_timeout_seconds;
  bool repeat = false;  // points that earlier trials had
  bool sum_scaled_metrics = false;
  lathe_direction direction = LATHE_DIRECTION_MAXIMIZE;  // when summed
  std::vector<std::string> warnings;
};
SearchConfig read_search_config(const Value& search);

}  // namespace lathe
