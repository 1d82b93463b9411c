#include "core/graph/parameters.hpp"

#include "core/base/error.hpp"
#include "core/graph/inference.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace lathe {

namespace {

using Content = std::shared_ptr<const ParameterContent>;

Content checked_content(const Node& node, const Parameter& parameter, const GivenContent& given) {
  const Tensor& tensor = given.tensor;
  if (tensor.shape() != parameter.shape || tensor.dtype() != parameter.dtype) {
    throw run_error(
        LATHE_INVALID_ARGUMENT,
        fmt::format("parameter '{}' of {}: expected {} of shape {}, found {} of shape {}",
                    parameter.qualified_name, described(node), name(parameter.dtype),
                    parameter.shape.text(), name(tensor.dtype()), tensor.shape().text()));
  }
  return std::make_shared<ParameterContent>(tensor, given.trained);
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
