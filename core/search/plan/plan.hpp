// What a search does, trial by trial: from a [search] table to a plan that holds together.
#pragma once

#include "core/host/split.hpp"
#include "core/pipeline/pipeline.hpp"
#include "core/search/plan/options.hpp"

namespace lathe {

// One evaluation of a trial's graph: an analysis pass and where its scalars are logged.
struct Runner {
  Step step;
  bool hardware = false;
};

// A [search] table, its words looked up. The command line changes it before it is checked.
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
  // How the model is built with some of its options changed; needed only if the space searches
  // them. Thread-safe.
  std::function<Graph(const Value& model_options, RunContext& context)> build;
  // Nothing runs on threads of the process's own while what it gives lives; empty: nothing does. So
  // that it can be forked.
  std::function<std::shared_ptr<void>()> pause_threads;
};

// Refuses with a position what can be refused one by one: unknown runners, samplers and pruners,
// and their options.
SearchPlan plan_search(const Value& search, const Registry& registry);

// A plan whose parts agree: nothing that a graph is not needed for can be refused any more. Only
// check_plan() makes one.
class CheckedPlan {
 public:
  const SearchPlan& operator*() const { return plan_; }
  const SearchPlan* operator->() const { return &plan_; }
  // Whether the runners promise every metric. If not, one of them promises nothing and may publish
  // anything: only a run on a graph tells.
  bool metrics_promised() const { return metrics_promised_; }

 private:
  friend CheckedPlan check_plan(SearchPlan plan);
  CheckedPlan(SearchPlan plan, bool metrics_promised)
      : plan_(std::move(plan)), metrics_promised_(metrics_promised) {}

  SearchPlan plan_;
  bool metrics_promised_;
};

// Throws usage_error, eg: for a metric that no runner promises to publish.
CheckedPlan check_plan(SearchPlan plan);

// The splits that trials look at, each once; empty: there may be any.
std::vector<Split> splits_read(const SearchPlan& plan);

}  // namespace lathe
