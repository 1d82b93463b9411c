#include "core/graph/graph.hpp"

#include "core/base/error.hpp"
#include "core/graph/index.hpp"
#include "core/graph/inference.hpp"

#include <fmt/format.h>

#include <unordered_set>

namespace lathe {

namespace {

std::shared_ptr<const GraphIndex> empty_index() {
  static const std::shared_ptr<const GraphIndex> empty = make_index({}, {});
  return empty;
}

}  // namespace

Graph::Graph() : Graph(0) {}

Graph::Graph(std::uint64_t seed, const OpSet* ops)
    : index_(empty_index()), ops_(ops != nullptr ? ops : &builtin_ops()), seed_(seed) {}

std::span<const NodeId> Graph::order() const { return index_->order; }

const Node& Graph::node(NodeId id) const { return *nodes_[index_of(id)]; }

bool Graph::alive(NodeId id) const {
  return index_of(id) < nodes_.size() && nodes_[index_of(id)] != nullptr;
}

NodeId Graph::find(std::string_view name) const {
  const auto found = index_->by_name.find(std::string(name));
  return found == index_->by_name.end() ? NodeId::none : found->second;
}

std::vector<NodeId> Graph::users(NodeId id) const {
  const auto& begin = index_->use_begin;
  if (index_of(id) + 1 >= begin.size()) return {};
  return {index_->uses.begin() + begin[index_of(id)],
          index_->uses.begin() + begin[index_of(id) + 1]};
}

std::vector<NodeId> Graph::placeholders() const {
  std::vector<NodeId> out;
  for (NodeId id : order()) {
    if (node(id).opcode == Opcode::placeholder) out.push_back(id);
  }
  return out;
}

NodeId Graph::output() const { return index_->output; }

std::vector<Graph::Named> Graph::parameters() const {
  std::vector<Named> out;
  std::unordered_set<std::string_view> seen;
  for (NodeId id : order()) {
    for (const Parameter& parameter : node(id).parameters) {
      if (seen.insert(parameter.qualified_name).second) out.push_back({id, &parameter});
    }
  }
  return out;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const Named& named : parameters()) {
    if (!named.parameter->is_buffer) count += named.parameter->shape.numel();
  }
  return count;
}

Graph Graph::with_batch(std::int64_t batch) const {
  Graph copy = *this;
  Transaction transaction(copy);
  for (NodeId id : placeholders()) transaction.set_attribute(id, "batch", Value(batch));
  transaction.commit();
  return copy;
}

std::int64_t Graph::batch() const {
  const std::vector<NodeId> inputs = placeholders();
  return inputs.empty() ? 1 : node(inputs[0]).attributes.find("batch")->as_int();
}

Graph Graph::with_parameters(const std::map<std::string, Tensor>& contents) const {
  Graph copy = *this;
  Transaction transaction(copy);
  std::unordered_set<std::string_view> known;
  for (const Named& named : parameters()) {
    const Parameter& parameter = *named.parameter;
    known.insert(parameter.qualified_name);
    const auto found = contents.find(parameter.qualified_name);
    if (found != contents.end()) {
      transaction.set_parameter(named.node, parameter.name, found->second);
    }
  }
  for (const auto& [name, tensor] : contents) {
    if (known.contains(name)) continue;
    std::string some;
    for (const Named& named : parameters()) {
      if (some.size() > 60) break;
      some += (some.empty() ? "" : ", ") + named.parameter->qualified_name;
    }
    throw run_error(
        LATHE_NOT_FOUND,
        fmt::format("the graph has no parameter '{}' (found with shape {}); it has {}{}", name,
                    tensor.shape().text(), some.empty() ? "none" : some,
                    known.size() > 4 ? ", ..." : ""));
  }
  transaction.commit();
  return copy;
}

}  // namespace lathe
