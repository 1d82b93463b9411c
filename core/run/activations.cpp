// Which activations are worth their memory.
#include "core/run/activations.hpp"

#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/format_instance.hpp"

#include <algorithm>

namespace lathe::run {

namespace {

// An activation larger than this part of the bound is not kept: it would push out everything else.
constexpr std::uint64_t kLargestPart = 16;

// True if a format sits on the node, or may sit on a weight of it. Normalisations are left out:
// they cost no more than fetching their result does.
bool is_quantizable(const Graph& graph, const Node& node) {
  if (!node.formats.empty()) return true;
  if (node.parameters.empty()) return false;
  const OpRow* row = graph.ops().find(node.op);
  return row != nullptr && row->bits != LATHE_BITS_SCALING &&
         std::ranges::find(row->quantizable, "weight") != row->quantizable.end();
}

// Results worth keeping are those which a search comes back to: inputs of nodes that carry, or may
// carry, number formats on weights, and branch points.
std::vector<bool> worth_keeping(const Graph& graph) {
  std::vector<bool> keep(graph.slots());
  std::vector<std::uint8_t> uses(graph.slots());
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const bool quantizable = is_quantizable(graph, node);
    for (NodeId input : node.inputs()) {
      std::uint8_t& count = uses[index_of(input)];
      count = static_cast<std::uint8_t>(std::min(count + 1, 2));
      if (quantizable || count > 1) keep[index_of(input)] = true;
    }
  }
  return keep;
}

bool is_stochastic(const Registry& registry, const Node& node) {
  if (node.row != nullptr && !node.row->repeatable) return true;
  return std::any_of(node.formats.begin(), node.formats.end(), [&](const OperandFormat& format) {
    return format_instance(registry, format.format, format.options).has(LATHE_FLAG_STOCHASTIC);
  });
}

}  // namespace

std::vector<bool> random_nodes(const Graph& graph, const Registry& registry) {
  std::vector<bool> random(graph.slots());
  bool any = false;
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    bool mine = is_stochastic(registry, node);
    if (any && !mine) {
      for (NodeId input : node.inputs()) mine = mine || random[index_of(input)];
    }
    random[index_of(id)] = mine;
    any = any || mine;
  }
  return random;
}

Activations::Activations(const Graph& graph, const std::vector<bool>& random, Cache& cache,
                         const ContentHash& on, std::int64_t rows)
    : graph_(graph),
      random_(random),
      cache_(cache),
      on_(on),
      rows_(rows),
      worth_(worth_keeping(graph)) {}

Activations::Activations(const Graph& graph, const std::vector<bool>& random, Cache& cache,
                         const ContentHash& on, std::int64_t rows, const std::vector<NodeId>& nodes)
    : graph_(graph), random_(random), cache_(cache), on_(on), rows_(rows), worth_(graph.slots()) {
  for (NodeId id : nodes) worth_[index_of(id)] = true;
}

Stored Activations::find(NodeId id) const {
  if (!worth_[index_of(id)] || random_[index_of(id)]) return nullptr;
  return cache_.find({graph_.hash(id), on_});
}

bool Activations::keeps(NodeId id) const {
  if (!worth_[index_of(id)] || random_[index_of(id)]) return false;
  const std::int64_t batch = std::max<std::int64_t>(graph_.batch(), 1);
  const std::int64_t elements = graph_.node(id).result.shape.numel() / batch * rows_;
  return static_cast<std::uint64_t>(elements) * sizeof(float) <= cache_.limit() / kLargestPart;
}

void Activations::keep(NodeId id, Stored contents, std::uint64_t bytes) {
  cache_.insert({graph_.hash(id), on_}, std::move(contents), bytes);
}

}  // namespace lathe::run
