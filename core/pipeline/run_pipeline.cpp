#include "core/pipeline/run_pipeline.hpp"

#include <chrono>
#include <memory>

namespace lathe {
namespace {

// Passes may ask for the graph as it was before the first of them.
class OriginalGraph {
 public:
  OriginalGraph(const Graph& graph, RunContext& context)
      : context_(context), before_(context.original) {
    if (before_ != nullptr) return;
    copy_ = std::make_unique<const Graph>(graph);
    context_.original = copy_.get();
  }
  ~OriginalGraph() { context_.original = before_; }
  OriginalGraph(const OriginalGraph&) = delete;

 private:
  std::unique_ptr<const Graph> copy_;  // made only where nobody keeps one yet
  RunContext& context_;
  const Graph* before_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::vector<PassReport> run_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context,
                                     const PipelineHooks& hooks) {
  const OriginalGraph original(graph, context);
  std::vector<PassInstance> instances;
  instances.reserve(pipeline.steps.size());
  for (const Step& step : pipeline.steps) {
    try {
      instances.emplace_back(*step.component, step.options, context);
    } catch (const Error& error) {
      throw error.at(step.position);
    }
  }
  std::vector<PassReport> reports;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const Step& step = pipeline.steps[i];
    if (context.cancelled != nullptr && *context.cancelled) {
      throw run_error(LATHE_CANCELLED, "stopped before pass '" + step.component->id + "'");
    }
    if (hooks.before) hooks.before(step, graph);
    Graph after = graph;
    const auto start = std::chrono::steady_clock::now();
    try {
      reports.push_back(instances[i].run(after, context));
    } catch (const Error& error) {
      throw error.at(step.position);
    }
    const double seconds = seconds_since(start);
    // A hook that refuses what the pass made (verify) leaves the graph as it was before it.
    if (hooks.after) hooks.after(step, graph, after, reports.back(), seconds);
    graph = std::move(after);
  }
  return reports;
}

}  // namespace lathe
