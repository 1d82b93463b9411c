// The trial loop: sampler suggests, transforms rebuild the graph from the original, analysis passes
// publish scalars, scaled metrics are stored. The result depends on the seed only, not on the
// number of workers: a trial's suggestion uses the values of trials below number - lookahead.
// Knows no sampler, pass or database by name. The loop itself is in loop.hpp.
#pragma once

#include "core/mase/mase.hpp"
#include "core/search/space.hpp"
#include "core/search/storage.hpp"

#include <functional>

namespace lathe {

using Metric = SearchMetric;

struct SearchOptions {
  std::string sampler = "tpe";
  Value sampler_options{Value::Map{}};
  std::string pruner = "none";
  Value pruner_options{Value::Map{}};
  std::uint64_t seed = 0;
  std::int64_t n_trials = 20;  // of the study: those that a resumed one already has count
  int jobs = 1;
  int lookahead = 4;
  double timeout_seconds = 0;        // of the whole search; no trial starts after it; 0: none
  double trial_timeout_seconds = 0;  // of one trial, which then fails; 0: none
  std::vector<Metric> metrics;       // sorted by name, as MASE does
  bool sum_scaled_metrics = false;
  lathe_direction direction = LATHE_MAXIMIZE;  // when summed
  std::string study_name = "lathe";
  std::string storage_url;  // empty: nothing is stored, and nothing can be resumed
  // What else has to agree when a study is resumed, eg: {model: "jsc-toy", dataset: "jsc-sim"}.
  Value study_attributes{Value::Map{}};
  std::filesystem::path folder;  // log.json, best.json; empty: none are written

  std::vector<lathe_direction> directions() const;  // one per objective
};

// One evaluation of a trial's graph: an analysis pass and where its scalars are logged.
struct Runner {
  Step step;
  bool hardware = false;
};

// A [search] table, checked against the registry. The command line changes `options` after that.
struct SearchPlan {
  SearchOptions options;
  Value space{Value::Map{}};  // [search.search_space], for build_space
  bool eval_mode = true;
  std::vector<Runner> runners;
  // Set if a trial trains its graph before it is evaluated: run options for that training beyond
  // those of `run_options`, and max_samples.
  std::optional<Value> training;
  std::vector<std::string> warnings;

  // The command's own options and how they become a training's; needed only if a trial trains.
  Value run_options{Value::Map{}};
  std::function<TrainingOptions(const Value& run_options)> training_options;
};

// Refuses with a position what can be refused without a graph: unknown runners, samplers and their
// options, and metrics that no runner promises to publish.
SearchPlan plan_search(const Value& search, const Registry& registry);
// The same check alone, for a plan whose runners or metrics were changed since.
void check_plan(const SearchPlan& plan, const Registry& registry);

struct Trial {
  std::uint64_t number = 0;
  TrialState state = TrialState::running;
  std::vector<double> point;
  std::vector<double> values;
  // What was watched while it trained, by rising step, and, of those values, the ones with which it
  // completed rungs of successive halving.
  std::vector<StoredTrial::Intermediate> intermediates;
  std::vector<double> rungs;
  Value software_metrics{Value::Map{}};
  Value hardware_metrics{Value::Map{}};
  Value scaled_metrics{Value::Map{}};
  std::string error;  // why it failed
  // Layers that were evaluated with fresh weights because a transform replaced trained ones.
  std::vector<std::string> untrained;
  std::chrono::system_clock::time_point started{}, completed{};
};

struct SearchResult {
  std::vector<Trial> trials;      // those that ended, in number order
  std::vector<std::size_t> best;  // Pareto front, or the first best: indexes into `trials`
  std::size_t resumed = 0;        // of `trials`, those that the study already had
  bool exhausted = false;         // the sampler has no further point
  bool interrupted = false;       // stopped by the user
  bool timed_out = false;         // stopped by timeout_seconds
  // Layers evaluated without trained weights, in any trial; empty if trials train or run nothing.
  std::vector<std::string> untrained;
  double loop_cpu_seconds = 0, loop_seconds = 0;  // of this process, from first to last trial
};

// Called in number order, one at a time, on any thread.
struct SearchEvents {
  std::function<void(const Trial& trial)> trial_ended;
};

// Searches. `original` is the graph every trial starts from; `context` supplies executor, data and
// folder. On Ctrl-C (`cancelled`) running trials are given up, and what is done is saved. Throws
// run_error if every trial failed; study and log.json are written all the same.
SearchResult run_search(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
                        const RunContext& context, const SearchEvents& events,
                        const std::atomic<bool>& cancelled);

// Indexes of the best trials: the exact Pareto front in trial order, duplicates kept; with one
// objective the first trial that attains the best value. Trials without values never count.
std::vector<std::size_t> best_trials(const std::vector<std::vector<double>>& values,
                                     const std::vector<lathe_direction>& directions);

// The files of a search as MASE writes them (pandas, orient=index, indent 4, 10 decimals).
std::string log_json(const SearchOptions& options, const SearchSpace& space,
                     std::span<const Trial> trials);
std::string best_json(const SearchOptions& options, const SearchSpace& space,
                      const SearchResult& result);

}  // namespace lathe
