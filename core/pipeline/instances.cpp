#include "core/pipeline/instances.hpp"

namespace lathe {

OriginalGraph::OriginalGraph(const Graph& graph, RunContext& context)
    : context_(context), before_(context.original) {
  if (before_ != nullptr) return;
  copy_ = std::make_unique<const Graph>(graph);
  context_.original = copy_.get();
}

OriginalGraph::~OriginalGraph() { context_.original = before_; }

std::vector<PassInstance> instances_of(const Pipeline& pipeline, RunContext& context) {
  std::vector<PassInstance> instances;
  instances.reserve(pipeline.steps.size());
  for (const Step& step : pipeline.steps) {
    try {
      instances.emplace_back(*step.component, step.options, context);
    } catch (const Error& error) {
      throw error.at(step.position);
    }
  }
  return instances;
}

}  // namespace lathe
