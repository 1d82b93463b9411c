#include "core/graph/formats/shared_weights.hpp"

#include "core/base/error.hpp"
#include "core/base/words/short_lists.hpp"
#include "core/graph/inference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace lathe {

namespace {

bool can_quantize(const Node& node, std::string_view role) {
  const std::vector<std::string_view> roles = quantizable_roles(*node.row, node);
  return std::ranges::find(roles, role) != roles.end();
}

bool is_weight(std::string_view role) { return role == "weight" || role == "bias"; }

// Calls visit(role, qualified name) for each weight and bias that a number format can sit on.
template <typename Visit>
void for_each_weight(const NodeTable& nodes, const Node& node, const Visit& visit) {
  for (const Parameter& parameter : node.parameters) {
    const std::string_view role = parameter_role(*node.row, parameter.name);
    if (is_weight(role) && can_quantize(node, role)) visit(role, parameter.qualified_name);
  }
  if (!node.is_function()) return;
  std::size_t tensor = 0;
  node.for_each_input([&](NodeId id) {
    const Node& input = *nodes.find(id);
    if (!input.result.is_tensor()) return;
    const std::string_view role = input_role(*node.row, node, tensor++);
    if (input.opcode != Opcode::get_attr || !is_weight(role) || !can_quantize(node, role)) return;
    visit(role, input.parameters[0].qualified_name);
  });
}

bool same(const OperandFormat* a, const OperandFormat* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->format == b->format && a->options == b->options && a->plugin_hash == b->plugin_hash;
}

std::string text_of(const OperandFormat* format) {
  if (format == nullptr) return "float";
  return with_short_lists(fmt::format("{} {}", format->format, format->options.text()));
}

}  // namespace

bool may_share_weights(const NodeTable& nodes, std::span<const NodeId> order, bool shares_modules) {
  return shares_modules || std::ranges::any_of(order, [&](NodeId id) {
           return nodes.find(id)->opcode == Opcode::get_attr;
         });
}

void verify_shared_formats(const NodeTable& nodes, std::span<const NodeId> order) {
  struct Use {
    const Node* node;
    const OperandFormat* format;  // null: float
  };
  std::unordered_map<std::string_view, Use> first_uses;
  for (const NodeId id : order) {
    const Node& node = *nodes.find(id);
    for_each_weight(nodes, node, [&](std::string_view role, std::string_view qualified_name) {
      const OperandFormat* format = node.format(role);
      const auto [first, is_new] = first_uses.emplace(qualified_name, Use{&node, format});
      if (is_new || same(first->second.format, format)) return;
      throw usage_error(
          fmt::format("{} and {} share '{}', which would have two number formats: {} in the "
                      "first and {} in the second; give both nodes the same",
                      described(*first->second.node), described(node), qualified_name,
                      text_of(first->second.format), text_of(format)));
    });
  }
}

}  // namespace lathe
