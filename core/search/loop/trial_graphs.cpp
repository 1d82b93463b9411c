#include "core/search/loop/trial_graphs.hpp"

#include <fmt/format.h>

namespace lathe {

TrialGraphs::TrialGraphs(const SearchSpace& space, const Graph& original)
    : space_(space), original_(original), searches_model_(space.has_part(SpacePart::model)) {}

PassInstance& TrialGraphs::transform(const Component& component, RunContext& context) {
  for (auto& [known, instance] : transforms_)
    if (known == &component) return instance;
  Value options = check_options(component.options, Value(Value::Map{}));
  for (const auto& [known, given] : space_.transform_options)
    if (known == &component) options = given;
  return transforms_.emplace_back(&component, PassInstance(component, options, context)).second;
}

// The space knows nodes of the model as it was built first; another one has others of those names.
std::vector<NodeOptions> TrialGraphs::nodes_in(const Graph& graph,
                                               std::vector<NodeOptions> nodes) const {
  if (!searches_model_) return nodes;
  for (NodeOptions& row : nodes) {
    const Node& meant = original_.node(row.node);
    const NodeId found = graph.find(meant.name);
    if (found == NodeId::none || graph.node(found).op != meant.op)
      throw run_error(LATHE_NOT_FOUND,
                      fmt::format("the model of this trial has no node '{}' with the op {}, for "
                                  "which the search space has options",
                                  meant.name, meant.op));
    row.node = found;
  }
  return nodes;
}

Graph TrialGraphs::at(std::span<const double> point, const Graph& from, RunContext& context,
                      const std::function<bool(const Component&)>& runs) {
  Graph graph = from;
  for (TransformOptions& options : space_.node_options(point))
    if (!runs || runs(*options.transform))
      transform(*options.transform, context)
          .run(graph, context, nodes_in(graph, std::move(options.nodes)));
  return graph;
}

}  // namespace lathe
