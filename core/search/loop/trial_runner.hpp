// One trial on graphs: from a point to a rebuilt graph to scalars. Knows nothing of samplers,
// studies and order.
#pragma once

#include "core/search/loop/evaluation.hpp"
#include "core/search/loop/trial_graphs.hpp"
#include "core/search/plan/plan.hpp"

namespace lathe {

// What one worker needs for its trials: pass instances and a context of its own. Not thread-safe;
// one per worker.
class TrialRunner {
 public:
  // REQUIRES: all references outlive the object.
  TrialRunner(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
              const RunContext& context);

  Scalars run(std::span<const double> point, const std::atomic<bool>& stop, const Report& report);

  // The same in two steps. The network of a point, trained if the plan trains and `trains`;
  // nothing: it was given up.
  std::optional<Graph> network(std::span<const double> point, const std::atomic<bool>& stop,
                               const Report& report, bool trains = true);
  // What the plan's runners say of it. REQUIRES: network() made it, or was called before.
  Scalars evaluate(Graph& graph);
  // Names of the scalars that those runners publish for the original graph which promise none.
  std::vector<std::string> unpromised_scalars(const std::atomic<bool>& stop);

 private:
  // Builds the model with the options of the point, for the trial to start from.
  void build(std::span<const double> point);
  // False: the trial was given up.
  bool train(Graph& graph, const Value& searched, const std::atomic<bool>& stop,
             const Report& report);
  double watched(const EpochMetrics& epoch, const std::function<Graph()>& network);

  const SearchPlan& plan_;
  const SearchSpace& space_;
  const Graph& original_;
  RunContext context_;
  const std::int64_t batch_size_;
  const Watch watch_;
  const std::vector<std::string> untrained_;  // layers of the original
  const bool searches_model_;
  std::optional<Graph> built_;  // if so, of the last trial
  TrialGraphs graphs_;
  std::vector<PassInstance> runners_;
};

}  // namespace lathe
