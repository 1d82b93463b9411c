#include "core/engine/kernels/kernel_node.hpp"

#include "core/graph/inference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine {

namespace {

// The argument of a function or method that its row's signature calls `name`.
const Argument* argument_of(const Node& node, const OpRow& row, std::string_view name) {
  for (const auto& [key, value] : node.kwargs) {
    if (key == name) return &value;
  }
  const std::vector<std::string>& names = signature_of(row, node);
  const auto at = std::find(names.begin(), names.end(), name);
  const auto position = static_cast<std::size_t>(at - names.begin());
  return at != names.end() && position < node.args.size() ? &node.args[position] : nullptr;
}

}  // namespace

KernelNode::KernelNode(const Graph& graph, NodeId id)
    : graph_(graph), node_(graph.node(id)), attributes_(graph.attributes(id)) {
  for (NodeId input : node_.inputs()) {
    (graph.node(input).result.is_tensor() ? tensors_ : values_).push_back(input);
  }
}

std::vector<Shape> KernelNode::input_shapes() const {
  std::vector<Shape> out;
  for (NodeId id : tensors_) out.push_back(graph_.node(id).result.shape);
  return out;
}

const Value& KernelNode::value(std::string_view name) const {
  const Value* found = find(name);
  if (found == nullptr) refuse(fmt::format("it has no '{}'", name));
  return *found;
}

std::vector<std::int64_t> KernelNode::integers(std::string_view name, std::size_t count) const {
  const Value& given = value(name);
  if (given.is_none()) return {};
  if (!given.is_list()) return std::vector<std::int64_t>(count, given.as_int());
  std::vector<std::int64_t> out;
  for (const Value& item : given.as_list()) out.push_back(item.as_int());
  if (out.size() == 1) out.resize(count, out[0]);
  return out;
}

void KernelNode::flatten(const Argument& argument, std::vector<Extent>& out) const {
  if (const auto* id = std::get_if<NodeId>(&argument.data)) {
    auto at = std::find(values_.begin(), values_.end(), *id);
    if (at == values_.end()) refuse("a shape must be made of numbers, not of tensors");
    out.push_back({0, static_cast<int>(at - values_.begin())});
  } else if (const auto* value = std::get_if<Value>(&argument.data)) {
    if (value->is_list()) {
      for (const Value& item : value->as_list()) out.push_back({item.as_int(), -1});
    } else {
      out.push_back({value->as_int(), -1});
    }
  } else {
    for (const Argument& item : std::get<std::vector<Argument>>(argument.data)) {
      flatten(item, out);
    }
  }
}

std::vector<Extent> KernelNode::extents(std::size_t position) const {
  std::vector<Extent> out;
  for (std::size_t i = position; i < node_.args.size(); ++i) flatten(node_.args[i], out);
  return out;
}

std::size_t KernelNode::tensors_in(const Argument& argument) const {
  if (const auto* id = std::get_if<NodeId>(&argument.data)) {
    return graph_.node(*id).result.is_tensor() ? 1 : 0;
  }
  std::size_t count = 0;
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    for (const Argument& item : *list) count += tensors_in(item);
  }
  return count;
}

std::optional<std::size_t> KernelNode::tensor(std::string_view name) const {
  const Argument* wanted = argument_of(node_, row_of(graph_.ops(), node_), name);
  if (wanted == nullptr || tensors_in(*wanted) != 1) return std::nullopt;
  std::size_t before = 0;
  for (const Argument& argument : node_.args) {
    if (&argument == wanted) return before;
    before += tensors_in(argument);
  }
  for (const auto& [key, argument] : node_.kwargs) {
    if (&argument == wanted) return before;
    before += tensors_in(argument);
  }
  return std::nullopt;
}

KernelNode::Operand KernelNode::operand(std::string_view name) const {
  Operand out;
  out.tensor = tensor(name);
  if (out.tensor) return out;
  const Value* number = literal(name);
  if (number == nullptr) refuse(fmt::format("its argument '{}' is missing", name));
  out.number = number->as_float();
  return out;
}

const Value* KernelNode::literal(std::string_view name) const {
  const Argument* given = argument_of(node_, row_of(graph_.ops(), node_), name);
  return given == nullptr ? nullptr : std::get_if<Value>(&given->data);
}

std::optional<std::size_t> KernelNode::parameter(std::string_view name) const {
  for (std::size_t i = 0; i < node_.parameters.size(); ++i) {
    if (node_.parameters[i].name == name) return i;
  }
  return std::nullopt;
}

void KernelNode::refuse(const std::string& why) const {
  throw usage_error(
      fmt::format("node '{}' ({}) cannot be executed: {}", node_.name, node_.op, why));
}

}  // namespace lathe::engine
