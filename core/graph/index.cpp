#include "core/graph/index.hpp"

#include <algorithm>

namespace lathe {

std::shared_ptr<const GraphIndex> make_index(const std::vector<std::shared_ptr<const Node>>& nodes,
                                             std::vector<NodeId> order) {
  auto index = std::make_shared<GraphIndex>();
  index->order = std::move(order);
  index->by_name.reserve(index->order.size());
  // Pairs (read, reader), sorted by what is read; the sort is stable, so readers stay in order.
  std::vector<std::pair<std::uint32_t, NodeId>> reads;
  for (NodeId id : index->order) {
    const Node& node = *nodes[index_of(id)];
    index->by_name.emplace(node.name, id);
    if (node.opcode == Opcode::output) index->output = id;
    std::vector<NodeId> inputs = node.inputs();
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    for (NodeId input : inputs) reads.emplace_back(index_of(input), id);
  }
  std::stable_sort(reads.begin(), reads.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  index->use_begin.assign(nodes.size() + 1, 0);
  for (const auto& [read, reader] : reads) {
    ++index->use_begin[read + 1];
    index->uses.push_back(reader);
  }
  for (std::size_t i = 1; i < index->use_begin.size(); ++i) {
    index->use_begin[i] += index->use_begin[i - 1];
  }
  return index;
}

}  // namespace lathe
