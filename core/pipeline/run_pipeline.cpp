#include "core/pipeline/run_pipeline.hpp"

#include "core/pipeline/instances.hpp"

#include <chrono>

namespace lathe {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::vector<PassReport> run_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context,
                                     const PipelineHooks& hooks) {
  const OriginalGraph original(graph, context);
  std::vector<PassInstance> instances = instances_of(pipeline, context);
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
