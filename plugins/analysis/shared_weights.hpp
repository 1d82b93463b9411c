// Weights that several nodes use (calls of one module, functions that read one tensor of the model)
// are there once, and count once.
#pragma once

#include <lathe/lathe.hpp>

#include <string_view>
#include <unordered_set>

namespace analysis {

// The name of the weight that a node works with: its own, or that of the tensor that it reads in a
// weight's place. Of a weight that is computed, the name of the node that computes it.
inline std::string_view weight_name(const lathe::node& node) {
  if (const auto own = node.find_operand("weight"); own && !own->qualified_name().empty()) {
    return own->qualified_name();
  }
  if (node.is_module()) return node.target();
  std::uint32_t at = 0;  // among the inputs, of which only tensors are operands
  for (const auto& operand : node.operands()) {
    if (!operand.is_input()) break;
    while (at < node.input_count() && node.input(at).dtype() == LATHE_DTYPE_NONE) ++at;
    if (at == node.input_count()) break;
    const lathe::node input = node.input(at++);
    if (operand.role() != LATHE_ROLE_WEIGHT) continue;
    return input.opcode() == LATHE_OPCODE_GET_ATTR ? input.target() : input.name();
  }
  return node.name();
}

// Tells what is met for the first time.
class FirstUse {
 public:
  bool of_weight(const lathe::node& node) { return weights_.insert(weight_name(node)).second; }
  bool of_parameter(const lathe::operand& parameter) {
    return parameters_.insert(parameter.qualified_name()).second;
  }

 private:
  std::unordered_set<std::string_view> weights_, parameters_;  // the view's, which outlives this
};

}  // namespace analysis
