// Nodes of a graph beside those of the graph that it was made from, by name, and how their types
// are written.
#pragma once

#include <lathe/lathe.hpp>

#include <optional>
#include <string>
#include <vector>

#include "../format_class.hpp"
#include "../number_format.hpp"

namespace analysis {

// Calls see(original, now) for every node in the order of the graph as it is; one that was added
// has no original, and one that is gone comes where it stood and is no node now.
template <class See>
void for_each_pair(const lathe::graph& before, const lathe::graph& after, const See& see) {
  const lathe::node none;
  const auto old_nodes = before.nodes();
  std::uint32_t next = 0;
  for (const auto now : after.nodes()) {
    // Mostly the two go side by side, and nothing has to be looked up.
    const bool in_step = next < old_nodes.size() && old_nodes[next].name() == now.name();
    const lathe::node old = in_step ? old_nodes[next] : before.find(now.name());
    for (bool met = !old; !met && next < old_nodes.size(); ++next) {
      met = old_nodes[next].name() == now.name();
      if (!met && !after.find(old_nodes[next].name())) see(old_nodes[next], none);
    }
    see(old, now);
  }
}

// The format of the first operand that has one; empty for a float node.
inline std::string_view first_format(const lathe::node& node) {
  for (const auto& operand : node.operands()) {
    if (!operand.is_float() && may_have_format(operand)) return operand.type();
  }
  return {};
}

// "LinearInteger", "add_integer", "view", "x": worked out once for nodes that are alike.
class NodeTypes {
 public:
  explicit NodeTypes(const lathe::graph& graph) : known_(graph.profile_count() * kOpcodes) {}

  // Valid as long as this and the graph are.
  std::string_view of(const lathe::node& node) {
    std::optional<std::string>& type = known_[node.profile() * kOpcodes + node.opcode()];
    if (!type) type = made(node);
    return type->empty() ? node.target() : std::string_view(*type);
  }

 private:
  static constexpr std::size_t kOpcodes = LATHE_OPCODE_OUTPUT + 1;

  // Empty: each goes by its target.
  static std::string made(const lathe::node& node) {
    const std::string_view format = first_format(node);
    if (node.is_module()) {
      const std::string_view text = node.module_text();
      return lathe::to_string(text.substr(0, text.find('('))) + format_class(format);
    }
    if (node.opcode() == LATHE_OPCODE_CALL_FUNCTION && !format.empty()) {
      return lathe::join({node.op(), "_", format});
    }
    return {};
  }

  std::vector<std::optional<std::string>> known_;
};

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
