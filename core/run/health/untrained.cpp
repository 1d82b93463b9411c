#include "core/run/health/untrained.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

std::vector<std::string> untrained_layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const auto fresh = [](const Parameter& parameter) {
      return !parameter.is_buffer && !parameter.is_state() && parameter.content != nullptr &&
             !parameter.content->trained();
    };
    if (std::any_of(node.parameters.begin(), node.parameters.end(), fresh))
      names.push_back(node.name);
  }
  return names;
}

std::string untrained_text(std::string_view who, const std::vector<std::string>& layers,
                           std::string_view way_out) {
  std::string named;
  for (const std::string& name : layers)
    named += fmt::format("{}'{}'", named.empty() ? "" : ", ", name);
  return fmt::format(
      "{} evaluates layers that nothing has trained: {}; load weights with --load, {}", who, named,
      way_out);
}

}  // namespace lathe::run
