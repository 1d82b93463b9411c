// From results back to what they read.
#include "core/run/needed.hpp"

namespace lathe::run {

std::vector<Need> needed_for(const Graph& graph, const std::vector<NodeId>& wanted,
                             const std::function<bool(NodeId)>& given) {
  std::vector<Need> need(graph.slots(), Need::skip);
  std::vector<NodeId> open = wanted;
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    Need& mine = need[index_of(id)];
    if (mine != Need::skip) continue;
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::placeholder || (given && given(id))) {
      mine = Need::given;
      continue;
    }
    mine = Need::compute;
    for (NodeId input : node.inputs()) open.push_back(input);
  }
  return need;
}

std::vector<NodeId> tensor_inputs(const Graph& graph, NodeId id) {
  std::vector<NodeId> out = graph.node(id).inputs();
  std::erase_if(out, [&](NodeId input) { return !graph.node(input).result.is_tensor(); });
  return out;
}

}  // namespace lathe::run
