// Nodes correspond by name. Contents are compared by hash, so nothing that is alike is looked at.
#include "core/run/bisection/changes.hpp"

#include "core/graph/transaction.hpp"
#include "core/options/text/component_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace lathe::run {

namespace {

using Names = std::pair<std::string, std::string>;

std::string format_text(const OperandFormat* format) {
  if (format == nullptr) return "float";
  ComponentText text{format->format, Value(Value::Map{}), {}};
  for (const auto& [key, value] : format->options.as_map())
    if (!value.is_none()) text.options.set(key, value);
  return text_of(text);
}

// "mean 0.01, deviation 0.3"; of whole numbers nothing.
std::string contents_text(const Tensor& tensor) {
  if (tensor.dtype() != DType::float32) return "contents";
  double sum = 0, squares = 0;
  const auto values = tensor.values<float>();
  for (const float value : values) sum += static_cast<double>(value);
  const double mean = sum / static_cast<double>(values.size());
  for (const float value : values) {
    const double off = static_cast<double>(value) - mean;
    squares += off * off;
  }
  return fmt::format("mean {:.6g}, deviation {:.6g}", mean,
                     std::sqrt(squares / static_cast<double>(values.size())));
}

// Behind the text of the second: "; at most 0.02 away".
std::string distance_text(const Tensor& from, const Tensor& to) {
  if (from.dtype() != DType::float32 || to.dtype() != DType::float32) return "";
  if (from.numel() != to.numel()) return "";
  const auto a = from.values<float>(), b = to.values<float>();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::fmax(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return fmt::format("; at most {:.6g} away", largest);
}

bool same_contents(const Parameter& a, const Parameter& b) {
  return a.shape == b.shape && a.dtype == b.dtype &&
         (a.content == b.content || a.content->hash() == b.content->hash());
}

// Calls see(role) for every operand whose format differs.
template <typename See>
void for_each_format(const Node& from, const Node& to, const See& see) {
  for (const OperandFormat& format : from.formats)
    if (to.format(format.role) == nullptr) see(format.role);
  for (const OperandFormat& format : to.formats) {
    const OperandFormat* old = from.format(format.role);
    if (old == nullptr || !(*old == format)) see(format.role);
  }
}

template <typename See>
void for_each_attribute(const Value& from, const Value& to, const See& see) {
  for (const auto& [key, value] : to.as_map()) {
    const Value* old = from.find(key);
    if (old == nullptr || !(*old == value)) see(key, old, value);
  }
}

// Calls see(parameter, mask or null, mask or null) for each parameter whose masks differ.
template <typename See>
void for_each_mask(const Node& from, const Node& to, const See& see) {
  std::set<std::string> masked(from.masks.begin(), from.masks.end());
  masked.insert(to.masks.begin(), to.masks.end());
  for (const std::string& parameter : masked) {
    const Parameter* old = from.parameter(mask_name(parameter));
    const Parameter* mask = to.parameter(mask_name(parameter));
    const bool both = old != nullptr && mask != nullptr;
    if (!both || !same_contents(*old, *mask)) see(parameter, old, mask);
  }
}

std::string mask_text(const Parameter* mask) {
  if (mask == nullptr) return "none";
  const auto values = mask->content->tensor().values<float>();
  return fmt::format("{} of {} kept", std::ranges::count(values, 1.0F), values.size());
}

// Those of `to` that `from` lacks or has with other contents; of masks see above.
template <typename See>
void for_each_parameter(const Node& from, const Node& to, const See& see) {
  for (const Parameter& parameter : to.parameters) {
    if (parameter.is_mask()) continue;
    const Parameter* old = from.parameter(parameter.name);
    if (old == nullptr || !same_contents(*old, parameter)) see(old, parameter);
  }
}

std::vector<ChangedPart> parts_of(const Graph& from, NodeId a, const Graph& to, NodeId b) {
  const Node& old = from.node(a);
  const Node& node = to.node(b);
  std::vector<ChangedPart> parts;
  for_each_format(old, node, [&](const std::string& role) {
    parts.push_back(
        {node.name, role, format_text(old.format(role)), format_text(node.format(role))});
  });
  for_each_attribute(from.attributes(a), to.attributes(b),
                     [&](const std::string& key, const Value* was, const Value& value) {
                       parts.push_back({node.name, "attribute " + key,
                                        was == nullptr ? "-" : was->text(), value.text()});
                     });
  for_each_mask(
      old, node, [&](const std::string& parameter, const Parameter* was, const Parameter* mask) {
        parts.push_back({node.name, "mask of " + parameter, mask_text(was), mask_text(mask)});
      });
  for_each_parameter(old, node, [&](const Parameter* was, const Parameter& parameter) {
    const Tensor& contents = parameter.content->tensor();
    parts.push_back({node.name, "parameter " + parameter.name,
                     was == nullptr ? "-" : contents_text(was->content->tensor()),
                     contents_text(contents) +
                         (was == nullptr ? "" : distance_text(was->content->tensor(), contents))});
  });
  return parts;
}

std::vector<std::string> input_names(const Graph& graph, const Node& node) {
  std::vector<std::string> names;
  for (const NodeId input : node.inputs()) names.push_back(graph.node(input).name);
  return names;
}

// What keeps a node from being exchanged alone; empty: nothing.
std::string obstacle(const Graph& from, const Node& a, const Graph& to, const Node& b,
                     const Names& names) {
  const auto differs = [&](std::string_view what, const std::string& is, const std::string& other) {
    return fmt::format("'{}' {} {} in {} and {} in {}", a.name, what, is, names.first, other,
                       names.second);
  };
  if (a.opcode != b.opcode || a.op != b.op) return differs("is", a.op, b.op);
  if (!(a.result.shape == b.result.shape))
    return differs("has the shape", a.result.shape.text(), b.result.shape.text());
  if (const auto reads = input_names(from, a), other = input_names(to, b); reads != other)
    return differs("reads", fmt::format("{}", fmt::join(reads, ", ")),
                   fmt::format("{}", fmt::join(other, ", ")));
  for (const Parameter& parameter : b.parameters) {
    const Parameter* old = a.parameter(parameter.name);
    if (old != nullptr && !(old->shape == parameter.shape))
      return differs(fmt::format("has a {} of", parameter.name), old->shape.text(),
                     parameter.shape.text());
  }
  return "";
}

// Names of the nodes of one graph that the other lacks: "'a', 'b' and 3 more", or nothing.
std::string lacking(const Graph& graph, const Graph& other) {
  constexpr std::size_t kMostNamed = 6;
  std::vector<std::string> names;
  for (const NodeId id : graph.order())
    if (other.find(graph.node(id).name) == NodeId::none)
      names.push_back(fmt::format("'{}'", graph.node(id).name));
  const std::size_t more = names.size() > kMostNamed ? names.size() - kMostNamed : 0;
  names.resize(names.size() - more);
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (more > 0) text += fmt::format(" and {} more", more);
  return text;
}

void check_same_nodes(const Graph& from, const Graph& to, const Names& names) {
  std::string text;
  for (const auto& [graph, other, name] :
       {std::tuple(&from, &to, names.first), std::tuple(&to, &from, names.second)}) {
    const std::string alone = lacking(*graph, *other);
    if (alone.empty()) continue;
    text += fmt::format("{}only {} has {}", text.empty() ? "" : "; ", name, alone);
  }
  for (const NodeId id : from.order()) {
    if (!text.empty()) break;
    const Node& node = from.node(id);
    text = obstacle(from, node, to, to.node(to.find(node.name)), names);
  }
  if (text.empty()) return;
  throw usage_error(fmt::format(
      "the two networks cannot be taken apart node by node: {}; compare configurations whose "
      "passes keep the nodes and their shapes",
      text));
}

// Changes of nodes that share a parameter become one, in the place of the first.
void join_shared(const Graph& from, std::vector<Change>& changes) {
  std::map<std::string, std::size_t> owner;  // by qualified name: the change that has it
  for (std::size_t i = 0; i < changes.size();) {
    std::set<std::size_t> shares;
    const Node& node = from.node(from.find(changes[i].nodes.front()));
    for (const Parameter& parameter : node.parameters)
      if (!parameter.is_state())
        if (const auto at = owner.find(parameter.qualified_name); at != owner.end())
          shares.insert(at->second);
    const std::size_t place = shares.empty() ? i : *shares.begin();
    for (const Parameter& parameter : node.parameters)
      if (!parameter.is_state()) owner.emplace(parameter.qualified_name, place);
    if (shares.empty()) {
      ++i;
      continue;
    }
    Change& first = changes[place];
    first.nodes.insert(first.nodes.end(), changes[i].nodes.begin(), changes[i].nodes.end());
    first.parts.insert(first.parts.end(), changes[i].parts.begin(), changes[i].parts.end());
    changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void take(Transaction& edit, const Graph& from, const Graph& to, const std::string& name) {
  const NodeId a = from.find(name), b = to.find(name);
  const Node& old = from.node(a);
  const Node& node = to.node(b);
  for_each_attribute(from.attributes(a), to.attributes(b),
                     [&](const std::string& key, const Value* /*was*/, const Value& value) {
                       edit.set_attribute(a, key, value);
                     });
  for_each_format(old, node, [&](const std::string& role) {
    if (const OperandFormat* format = node.format(role); format != nullptr) {
      edit.set_format(a, *format);
    } else {
      edit.clear_format(a, role);
    }
  });
  for_each_mask(old, node,
                [&](const std::string& parameter, const Parameter* /*was*/, const Parameter* mask) {
                  edit.set_mask(a, parameter,
                                mask == nullptr ? std::nullopt
                                                : std::optional<Tensor>(mask->content->tensor()));
                });
  for_each_parameter(old, node, [&](const Parameter* /*was*/, const Parameter& parameter) {
    edit.set_parameter(a, parameter.name, parameter.content->tensor(),
                       parameter.content->trained());
  });
}

}  // namespace

std::vector<Change> changes_between(const Graph& from, const Graph& to, const Names& names) {
  check_same_nodes(from, to, names);
  std::vector<Change> changes;
  for (const NodeId id : from.order()) {
    const std::string& name = from.node(id).name;
    std::vector<ChangedPart> parts = parts_of(from, id, to, to.find(name));
    if (!parts.empty()) changes.push_back({{name}, std::move(parts)});
  }
  join_shared(from, changes);
  return changes;
}

Graph with_changes(const Graph& from, const Graph& to, std::span<const Change* const> changes) {
  Graph mixed = from;
  if (changes.empty()) return mixed;
  Transaction edit(mixed);
  for (const Change* change : changes)
    for (const std::string& name : change->nodes) take(edit, from, to, name);
  edit.commit();
  return mixed;
}

}  // namespace lathe::run
