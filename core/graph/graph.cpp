#include "core/graph/graph.hpp"

#include "core/base/error.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace lathe {

Graph::Graph() : Graph(0) {}

Graph::Graph(std::uint64_t seed, const OpSet* ops)
    : columns_(GraphColumns::empty()), ops_(ops != nullptr ? ops : &builtin_ops()), seed_(seed) {}

std::span<const NodeId> Graph::order() const { return columns_.edges->order; }

const Node& Graph::node(NodeId id) const { return *nodes_.find(id); }

bool Graph::alive(NodeId id) const {
  return index_of(id) < nodes_.size() && nodes_.find(id) != nullptr;
}

NodeId Graph::find(std::string_view name) const {
  const auto names = columns_.names->get([this] { return NameIndex(texts()); });
  const auto found = names->ids.find(name);
  return found != names->ids.end() && alive(found->second) ? found->second : NodeId::none;
}

std::vector<NodeId> Graph::users(NodeId id) const {
  std::vector<NodeId> out;
  if (index_of(id) >= columns_.edges->alive.size()) return out;
  for (const std::uint32_t user : columns_.edges->uses_of(id)) out.push_back(NodeId{user});
  return out;
}

std::shared_ptr<const TextColumns> Graph::texts() const {
  return columns_.texts->get([this] { return TextColumns(nodes_); });
}

std::shared_ptr<const ResultColumns> Graph::results() const {
  return columns_.results->get([this] { return ResultColumns(nodes_); });
}

std::shared_ptr<const ProfileColumns> Graph::profiles() const {
  return columns_.profiles->get(
      [this](const ProfileColumns* earlier, std::span<const NodeId> edited) {
        return ProfileColumns(*this, earlier, edited);
      });
}

std::shared_ptr<const ParameterColumns> Graph::parameter_columns() const {
  return columns_.parameters->get([this] { return ParameterColumns(nodes_); });
}

std::vector<NodeId> Graph::placeholders() const {
  std::vector<NodeId> out;
  for (NodeId id : order()) {
    if (node(id).opcode == Opcode::placeholder) out.push_back(id);
  }
  return out;
}

NodeId Graph::output() const { return columns_.edges->output; }

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
    const Parameter& p = *named.parameter;
    if (!p.is_buffer && !p.is_state()) count += p.shape.numel();
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
  return inputs.empty() ? 1 : attributes(inputs[0]).find("batch")->as_int();
}

Graph Graph::with_untrained(const std::vector<std::string>& nodes) const {
  Graph copy = *this;
  Transaction transaction(copy);
  for (const std::string& name : nodes) {
    const NodeId id = find(name);
    if (id == NodeId::none) continue;
    for (const Parameter& parameter : node(id).parameters)
      transaction.set_parameter(id, parameter.name, parameter.content->tensor(), false);
  }
  transaction.commit();
  return copy;
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

Graph Graph::after(const Graph& earlier) const {
  Graph copy = *this;
  copy.epoch_ = std::max(epoch_, earlier.epoch_) + 1;
  return copy;
}

Graph Graph::with_spare_state(std::map<std::string, Tensor> contents) const {
  Graph copy = *this;
  copy.spare_state_ =
      contents.empty() ? nullptr
                       : std::make_shared<const std::map<std::string, Tensor>>(std::move(contents));
  return copy;
}

const std::map<std::string, Tensor>& Graph::spare_state() const {
  static const std::map<std::string, Tensor> none;
  return spare_state_ == nullptr ? none : *spare_state_;
}

Graph Graph::with_ties(Ties ties) const {
  Graph copy = *this;
  copy.ties_ = ties.empty() ? nullptr : std::make_shared<const Ties>(std::move(ties));
  return copy;
}

const Ties& Graph::ties() const {
  static const Ties none;
  return ties_ == nullptr ? none : *ties_;
}

ContentHash Graph::hash(NodeId id) const {
  if (const HashMemo::Hashes known = hashes_.get()) return (*known)[index_of(id)];
  std::vector<ContentHash> hashes(nodes_.size());
  for (NodeId at : order()) {
    const Node& node = this->node(at);
    Hasher hasher;
    hasher.add(node.own_hash.get([&] { return own_hash(node); }));
    const Attributes& attributes = nodes_.attributes(at);
    hasher.add(attributes.hash.get([&] { return attributes_hash(node, attributes.values); }));
    node.for_each_input([&](NodeId input) { hasher.add(hashes[index_of(input)]); });
    hashes[index_of(at)] = hasher.finish();
  }
  const ContentHash hash = hashes[index_of(id)];
  hashes_.set(std::make_shared<const std::vector<ContentHash>>(std::move(hashes)));
  return hash;
}

}  // namespace lathe
