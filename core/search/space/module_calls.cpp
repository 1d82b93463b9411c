#include "core/search/space/module_calls.hpp"

#include <fmt/format.h>

#include <set>

namespace lathe {

bool ModuleCalls::plan_again(NodeId id, const Value& seed) {
  const Node& node = graph_.node(id);
  if (node.opcode != Opcode::call_module || node.parameters.empty()) return false;
  const auto [known, is_first] =
      called_.emplace(node.target, Called{id, &seed, plan_.size(), plan_.size()});
  if (is_first) return false;
  const Called& first = known->second;
  if (first.seed != &seed && !(*first.seed == seed)) {
    throw usage_error(
        fmt::format("the seeds of node '{}' and of node '{}' differ, but both are calls of the "
                    "module '{}', whose weights are there once; give both the same",
                    graph_.node(first.node).name, node.name, node.target),
        seed.position());
  }
  for (std::size_t i = first.begin; i < first.end; ++i) {
    PlannedNode again = plan_[i];
    again.node = id;
    plan_.push_back(std::move(again));
  }
  return true;
}

void ModuleCalls::planned(NodeId id) {
  const auto known = called_.find(graph_.node(id).target);
  if (known != called_.end() && known->second.node == id) known->second.end = plan_.size();
}

void ModuleCalls::check() const {
  std::set<NodeId> planned;
  for (const PlannedNode& row : plan_) planned.insert(row.node);
  for (const NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
    const auto known = called_.find(node.target);
    if (node.opcode != Opcode::call_module || known == called_.end()) continue;
    const Called& first = known->second;
    if (first.begin == first.end || planned.contains(id)) continue;
    throw usage_error(
        fmt::format("node '{}' has a seed and node '{}' has none, but both are calls of the module "
                    "'{}', whose weights are there once; give both the same",
                    graph_.node(first.node).name, node.name, node.target),
        first.seed->position());
  }
}

}  // namespace lathe
