// Nodes of a graph beside those of the graph that it was made from, by name, and how their types
// are written.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <vector>

#include "format_class.hpp"
#include "number_format.hpp"

namespace analysis {

// One of them is false where the node was added or removed.
struct NodePair {
  lathe::node original, now;
};

// In the order of the graph as it is; nodes that are gone stand where they were.
inline std::vector<NodePair> node_pairs(const lathe::graph& before, const lathe::graph& after) {
  std::vector<NodePair> pairs;
  const lathe::node none;
  const auto old_nodes = before.nodes();
  std::uint32_t next_old = 0;
  // Up to the node of that name, or to the end.
  const auto add_removed = [&](std::string_view until) {
    for (; next_old < old_nodes.size(); ++next_old) {
      const lathe::node old = old_nodes[next_old];
      if (old.name() == until) {
        ++next_old;
        return;
      }
      if (!after.find(old.name())) pairs.push_back({old, none});
    }
  };
  for (const auto node : after.nodes()) {
    const lathe::node old = before.find(node.name());
    if (old) add_removed(old.name());
    pairs.push_back({old, node});
  }
  return pairs;
}

// The format of the first operand that has one; empty for a float node.
inline std::string first_format(const lathe::node& node) {
  for (const auto& operand : node.operands()) {
    if (!operand.is_float() && may_have_format(operand)) return lathe::to_string(operand.type());
  }
  return {};
}

// "LinearInteger", "add_integer", "view", "x".
inline std::string node_type(const lathe::node& node) {
  const std::string format = first_format(node);
  if (node.is_module()) {
    const std::string_view text = node.module_text();
    return lathe::to_string(text.substr(0, text.find('('))) + format_class(format);
  }
  if (node.opcode() == LATHE_OPCODE_CALL_FUNCTION && !format.empty()) {
    return lathe::join({node.op(), "_", format});
  }
  return lathe::to_string(node.target());
}

// Whether any operand of the two nodes differs in format or in its options.
inline bool formats_differ(const lathe::node& a, const lathe::node& b) {
  const auto left = a.operands(), right = b.operands();
  if (left.size() != right.size()) return true;
  for (std::uint64_t i = 0; i < left.size(); ++i) {
    if (!same_format(left[i], right[i])) return true;
  }
  return false;
}

}  // namespace analysis
