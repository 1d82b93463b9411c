// The trial loop: sampler suggests, transforms rebuild the graph from the original, analysis passes
// publish scalars, scaled metrics are stored. The result depends on the seed only, not on the
// number of workers: a trial's suggestion uses the values of trials below number - lookahead.
#pragma once

#include "core/search/space.hpp"
#include "core/search/storage.hpp"

namespace lathe {

struct Metric {
  std::string name;
  double scale = 1.0;
  lathe_direction direction = LATHE_MAXIMIZE;
};

struct SearchOptions {
  std::string sampler = "tpe";
  Value sampler_options{Value::Map{}};
  std::uint64_t seed = 0;
  std::int64_t n_trials = 20;
  int jobs = 1;
  int lookahead = 4;
  double timeout_seconds = 0;      // of the whole search; 0: none
  std::vector<Metric> metrics;     // sorted by name, as MASE does
  bool sum_scaled_metrics = false;
  lathe_direction direction = LATHE_MAXIMIZE;  // when summed
  std::string study_name;
  std::string storage_url;
  std::filesystem::path folder;    // log.json, best.json
};

struct Trial {
  std::uint64_t number = 0;
  TrialState state = TrialState::running;
  std::vector<double> point;
  std::vector<double> values;
  Value software_metrics{Value::Map{}};
  Value hardware_metrics{Value::Map{}};
  Value scaled_metrics{Value::Map{}};
  std::string error;  // why it failed
  std::chrono::system_clock::time_point started{}, completed{};
};

struct SearchResult {
  std::vector<Trial> trials;         // in number order
  std::vector<std::size_t> best;     // Pareto front, or the first best, in trial order
  bool exhausted = false;            // brute force has seen every point
  bool interrupted = false;
  double loop_cpu_seconds = 0, loop_seconds = 0;
};

// Indexes of the best trials: the exact Pareto front in trial order, duplicates kept; with one
// objective the first trial that attains the best value.
std::vector<std::size_t> best_trials(const std::vector<std::vector<double>>& values,
                                     const std::vector<lathe_direction>& directions);

}  // namespace lathe
