#include "core/graph/parameters/parameters.hpp"

#include "core/base/error.hpp"
#include "core/graph/inference.hpp"
#include "core/tensor/mask.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

namespace lathe {

namespace {

using Content = std::shared_ptr<const ParameterContent>;

Content checked_content(const Node& node, const Parameter& parameter, const GivenContent& given) {
  if (given.read) {
    return std::make_shared<ParameterContent>(
        [read = given.read, dtype = parameter.dtype, shape = parameter.shape] {
          return read(dtype, shape);
        });
  }
  const Tensor& tensor = given.tensor;
  if (tensor.shape() != parameter.shape || tensor.dtype() != parameter.dtype) {
    throw run_error(
        LATHE_INVALID_ARGUMENT,
        fmt::format("parameter '{}' of {}: expected {} of shape {}, found {} of shape {}",
                    parameter.qualified_name, described(node), name(parameter.dtype),
                    parameter.shape.text(), name(tensor.dtype()), tensor.shape().text()));
  }
  if (parameter.is_mask()) {
    const std::span<const float> mask = tensor.values<float>();
    const std::size_t unfit = first_unfit(mask);
    if (unfit < mask.size()) {
      throw run_error(LATHE_INVALID_ARGUMENT,
                      fmt::format("mask '{}' of {} has {} at element {}; a mask holds 0 and 1",
                                  parameter.qualified_name, described(node), mask[unfit], unfit));
    }
  }
  return std::make_shared<ParameterContent>(tensor, given.trained);
}

bool can_be_masked(const Parameter& parameter) {
  return parameter.is_own() && !parameter.is_buffer && parameter.dtype == DType::float32;
}

// Sets the content of every parameter for which `content` knows one.
template <typename Lookup>
void set_contents(NodeTable& nodes, std::span<const NodeId> order, const Lookup& content) {
  for (NodeId id : order) {
    const std::size_t count = nodes.find(id)->parameters.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Parameter& p = nodes.find(id)->parameters[i];
      const Content wanted = content(p);
      if (wanted && wanted != p.content) nodes.own(id).parameters.own(i).content = wanted;
    }
  }
}

}  // namespace

void share_parameters(NodeTable& nodes, std::span<const NodeId> order) {
  struct Known {
    Content content;
    Shape shape;
    DType dtype;
    const Initialiser* chosen;  // null: the op row's
  };
  std::unordered_map<std::string, Known> contents;
  bool shared = false;
  for (NodeId id : order) {
    const Node& node = *nodes.find(id);
    for (const Parameter& p : node.parameters) {
      const ChosenInitialiser* own = node.chosen_initialiser(p.name);
      const Initialiser* chosen = own == nullptr ? nullptr : &own->initialiser;
      const auto [at, is_new] =
          contents.try_emplace(p.qualified_name, Known{p.content, p.shape, p.dtype, chosen});
      Known& first = at->second;
      if (is_new) continue;
      if (first.chosen != nullptr && chosen != nullptr && *first.chosen != *chosen) {
        throw usage_error(fmt::format("{}: parameter '{}' has another initialiser elsewhere",
                                      described(node), p.qualified_name));
      }
      if (first.content == p.content) continue;
      if (first.shape != p.shape || first.dtype != p.dtype) {
        throw usage_error(fmt::format(
            "{}: parameter '{}' has shape {} here and {} elsewhere; give one a name of its own",
            described(node), p.qualified_name, p.shape.text(), first.shape.text()));
      }
      shared = true;
      const bool chosen_here = first.chosen == nullptr && chosen != nullptr;
      if (!first.content->trained() && (p.content->trained() || chosen_here)) {
        first.content = p.content;
      }
      if (chosen_here) first.chosen = chosen;
    }
  }
  if (!shared) return;
  set_contents(nodes, order,
               [&](const Parameter& p) { return contents.at(p.qualified_name).content; });
}

namespace {

void check_maskable(std::span<const Parameter> parameters, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : parameters) {
    if (!can_be_masked(parameter)) continue;
    if (parameter.name == name) return;
    names.push_back(parameter.name);
  }
  throw usage_error(fmt::format(
      "there is no parameter '{}' to mask; {}", name,
      names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "))));
}

}  // namespace

std::string mask_name(std::string_view parameter) { return fmt::format("{}_mask", parameter); }

bool has_mask(const Node& node, std::string_view parameter) {
  return std::ranges::find(node.masks, parameter) != node.masks.end();
}

void check_maskable(const Node& node, std::string_view name) {
  try {
    check_maskable(node.parameters.items(), name);
  } catch (const Error& error) {
    throw error.within(described(node));
  }
}

std::vector<NodeId> sharers_of(const NodeTable& nodes, NodeId id, std::string_view parameter) {
  const Parameter* shared = nodes.find(id)->parameter(parameter);
  if (shared == nullptr) return {id};
  std::vector<NodeId> out;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const Node* node = nodes.find(NodeId{i});
    const Parameter* own = node == nullptr ? nullptr : node->parameter(parameter);
    if (own != nullptr && own->qualified_name == shared->qualified_name) out.push_back(NodeId{i});
  }
  return out;
}

std::vector<Parameter> mask_parameters(Node& node, std::span<const Parameter> own, bool strict) {
  std::vector<Parameter> made;
  std::vector<std::string> kept;
  for (const std::string& masked : node.masks) {
    if (strict) check_maskable(own, masked);
    const auto of = std::ranges::find(own, masked, &Parameter::name);
    if (of == own.end()) continue;
    kept.push_back(masked);
    Parameter mask;
    mask.name = mask_name(of->name);
    mask.qualified_name = mask_name(of->qualified_name);
    mask.shape = of->shape;
    mask.is_buffer = true;
    mask.initialiser = {Initialiser::Kind::constant, 1.0};
    mask.masks = of->name;
    made.push_back(std::move(mask));
  }
  if (kept.size() != node.masks.size()) node.masks = std::move(kept);
  return made;
}

bool drop_outgrown_masks(NodeTable& nodes, NodeId id, const Node& before) {
  const Node& node = *nodes.find(id);
  if (node.masks.empty()) return false;
  std::vector<std::string> gone;
  for (const Parameter& mask : node.parameters) {
    if (!mask.is_mask() || mask.content->given()) continue;
    const Parameter* old = before.parameter(mask.masks);
    if (old != nullptr && old->shape != mask.shape) gone.push_back(mask.masks);
  }
  if (gone.empty()) return false;
  const auto is_gone = [&](const std::string& name) {
    return std::ranges::find(gone, name) != gone.end();
  };
  Node& own = nodes.own(id);
  std::erase_if(own.masks.own(), is_gone);
  std::erase_if(own.parameters.own(),
                [&](const Parameter& p) { return p.is_mask() && is_gone(p.masks); });
  return true;
}

void mask_contents(NodeTable& nodes, std::span<const NodeId> order) {
  std::unordered_map<std::string, Content> masked;
  for (const NodeId id : order) {
    const Node& node = *nodes.find(id);
    if (node.masks.empty()) continue;
    for (const Parameter& mask : node.parameters) {
      if (!mask.is_mask() || !mask.content->given()) continue;
      const Parameter& of = *node.parameter(mask.masks);
      if (of.content->mask() == mask.content || masked.contains(of.qualified_name)) continue;
      masked.emplace(of.qualified_name,
                     std::make_shared<ParameterContent>(*of.content, mask.content));
    }
  }
  if (masked.empty()) return;
  set_contents(nodes, order, [&](const Parameter& p) {
    const auto found = masked.find(p.qualified_name);
    return found == masked.end() ? nullptr : found->second;
  });
}

void give_contents(NodeTable& nodes, std::span<const NodeId> order,
                   std::span<const GivenContent> contents) {
  if (contents.empty()) return;
  std::unordered_map<std::string, Content> given;
  for (const GivenContent& content : contents) {
    const Node* node = nodes.find(content.node);
    if (node == nullptr) continue;  // removed after it was given
    const Parameter* parameter = node->parameter(content.parameter);
    if (parameter == nullptr) {
      throw usage_error(
          fmt::format("{}: has no parameter '{}'", described(*node), content.parameter));
    }
    given[parameter->qualified_name] = checked_content(*node, *parameter, content);
  }
  set_contents(nodes, order, [&](const Parameter& p) {
    const auto found = given.find(p.qualified_name);
    return found == given.end() ? nullptr : found->second;
  });
}

}  // namespace lathe
