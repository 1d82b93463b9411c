// Settings of one node under PyTorch's names. Knows nothing about what an op computes.
#include "core/engine/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine {

Settings::Settings(const Graph& graph, const Node& node) : graph_(graph), node_(node) {
  for (NodeId id : node.inputs()) {
    (graph.node(id).result.is_tensor() ? tensors_ : values_).push_back(id);
  }
}

const Argument* Settings::argument(std::string_view name, std::size_t position) const {
  for (const auto& [key, value] : node_.kwargs) {
    if (key == name) return &value;
  }
  if (!is_module() && position < node_.args.size()) return &node_.args[position];
  return nullptr;
}

const Value* Settings::find(std::string_view name, std::size_t position) const {
  const Value* found = node_.attributes.find(name);
  if (found == nullptr) {
    const Argument* given = argument(name, position);
    if (given != nullptr) found = std::get_if<Value>(&given->data);
  }
  return found == nullptr || found->is_none() ? nullptr : found;
}

std::int64_t Settings::integer(std::string_view name, std::size_t position,
                               std::int64_t otherwise) const {
  const Value* found = find(name, position);
  return found == nullptr ? otherwise : found->as_int();
}

double Settings::number(std::string_view name, std::size_t position, double otherwise) const {
  const Value* found = find(name, position);
  return found == nullptr ? otherwise : found->as_float();
}

bool Settings::flag(std::string_view name, std::size_t position, bool otherwise) const {
  const Value* found = find(name, position);
  if (found == nullptr) return otherwise;
  // PyTorch takes any number for a flag: nn.ReLU(16) is ReLU(inplace=True).
  return found->is_int() ? found->as_int() != 0 : found->as_bool();
}

std::vector<std::int64_t> Settings::integers(std::string_view name, std::size_t position,
                                             std::size_t count,
                                             const std::vector<std::int64_t>& otherwise) const {
  std::vector<std::int64_t> out;
  const Value* found = find(name, position);
  if (found != nullptr && found->is_list()) {
    for (const Value& item : found->as_list()) out.push_back(item.as_int());
  } else if (found != nullptr) {
    out.push_back(found->as_int());
  } else if (const Argument* given = argument(name, position)) {
    for (const Extent& extent : literals(*given)) out.push_back(extent.literal);
  }
  if (out.empty()) out = otherwise;
  if (out.size() == 1 && count > 1) out.resize(count, out[0]);
  if (out.size() != count && !out.empty()) {
    refuse(fmt::format("'{}' has {} numbers; {} are needed", name, out.size(), count));
  }
  return out;
}

void Settings::flatten(const Argument& argument, std::vector<Extent>& out) const {
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

std::vector<Extent> Settings::literals(const Argument& argument) const {
  std::vector<Extent> out;
  flatten(argument, out);
  for (const Extent& extent : out) {
    if (extent.from >= 0) refuse("a list of numbers is needed, not the result of another node");
  }
  return out;
}

std::vector<Extent> Settings::extents(std::string_view name, std::size_t position) const {
  std::vector<Extent> out;
  if (const Value* attribute = node_.attributes.find(name)) flatten(Argument{*attribute}, out);
  if (out.empty()) {
    for (std::size_t i = position; i < node_.args.size(); ++i) flatten(node_.args[i], out);
  }
  for (const auto& [key, value] : node_.kwargs) {
    if (out.empty() && key == name) flatten(value, out);
  }
  if (out.empty()) refuse("the new shape is missing");
  return out;
}

std::size_t Settings::tensors_in(const Argument& argument) const {
  if (const auto* id = std::get_if<NodeId>(&argument.data)) {
    return graph_.node(*id).result.is_tensor() ? 1 : 0;
  }
  std::size_t count = 0;
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    for (const Argument& item : *list) count += tensors_in(item);
  }
  return count;
}

std::optional<std::size_t> Settings::tensor(std::string_view name, std::size_t position) const {
  std::size_t before = 0;
  for (std::size_t i = 0; i < node_.args.size(); ++i) {
    const std::size_t here = tensors_in(node_.args[i]);
    if (i == position) return here == 1 ? std::optional(before) : std::nullopt;
    before += here;
  }
  for (const auto& [key, value] : node_.kwargs) {
    const std::size_t here = tensors_in(value);
    if (key == name) return here == 1 ? std::optional(before) : std::nullopt;
    before += here;
  }
  return std::nullopt;
}

Settings::Operand Settings::operand(std::string_view name, std::size_t position) const {
  Operand out;
  out.tensor = tensor(name, position);
  if (!out.tensor) {
    const Value* literal = find(name, position);
    if (literal == nullptr) refuse(fmt::format("its argument '{}' is missing", name));
    out.number = literal->as_float();
  }
  return out;
}

std::optional<std::size_t> Settings::parameter(std::string_view name) const {
  for (std::size_t i = 0; i < node_.parameters.size(); ++i) {
    if (node_.parameters[i].name == name) return i;
  }
  return std::nullopt;
}

std::size_t Settings::input_rank(std::size_t input) const {
  if (input >= tensors_.size()) refuse("it has too few tensor inputs");
  return graph_.node(tensors_[input]).result.shape.rank();
}

void Settings::refuse(const std::string& why) const {
  throw usage_error(
      fmt::format("node '{}' ({}) cannot be executed: {}", node_.name, node_.op, why));
}

}  // namespace lathe::engine
