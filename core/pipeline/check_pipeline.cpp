#include "core/pipeline/check_pipeline.hpp"

#include "core/base/log.hpp"
#include "core/host/instances/node_rules.hpp"
#include "core/pipeline/instances.hpp"

namespace lathe {

namespace {

void check_node_maps(const Step& step, const Graph& graph, const RunContext& context) {
  for (const Option& option : step.component->options.options) {
    if (option.type != LATHE_OPTION_NODE_MAP) continue;
    const Value* map = step.options.find(option.key);
    if (map == nullptr || map->is_none()) continue;
    std::vector<std::string> warnings;
    resolve_node_map(*map, node_map_rules(*context.registry, *step.component, option), graph,
                     warnings);
    for (const std::string& warning : warnings) log_warning("{}", warning);
  }
}

bool works_on_the_graph_alone(const Component& pass) {
  return pass.has(LATHE_FLAG_MUTATES_GRAPH) && !pass.has(LATHE_FLAG_READS_WEIGHTS) &&
         !pass.has(LATHE_FLAG_EXECUTES) && !pass.has(LATHE_FLAG_READS_DATA);
}

}  // namespace

void check_pipeline(const Pipeline& pipeline, Graph& graph, RunContext& context) {
  const OriginalGraph original(graph, context);
  std::vector<PassInstance> instances = instances_of(pipeline, context);
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const Step& step = pipeline.steps[i];
    try {
      // A pass that runs resolves its node maps itself, and warns.
      if (works_on_the_graph_alone(*step.component))
        instances[i].run(graph, context);
      else
        check_node_maps(step, graph, context);
    } catch (const Error& error) {
      throw error.at(step.position);
    }
  }
}

}  // namespace lathe
