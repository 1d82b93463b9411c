// Which operands a backward pass makes a gradient of: parameters, and what lies between a trained
// parameter and the network's output. With the gradient to the input also what depends on that.
#pragma once

#include <lathe/lathe.hpp>

#include <vector>

namespace analysis {

class GradientsAsked {
 public:
  explicit GradientsAsked(const lathe::graph& graph) {
    const lathe::node_range nodes = graph.nodes();
    std::uint32_t slots = 0;
    for (const auto node : nodes) {
      if (node.id().index >= slots) slots = node.id().index + 1;
    }
    state_.resize(slots);
    std::vector<bool> trained(graph.profile_count()), known(graph.profile_count());
    for (const auto node : nodes) {
      const std::uint32_t profile = node.profile();
      if (!known[profile]) {
        known[profile] = true;
        for (const auto& operand : node.operands()) {
          if (operand.is_parameter()) trained[profile] = true;
        }
      }
      of(node) = found(node, trained[profile]);
    }
    for (std::uint32_t i = nodes.size(); i-- > 0;) reach(nodes[i]);
  }

  // Of the two factors of a node's products, those whose gradient is made: 0 to 2. `trained`: it
  // has parameters. An op of several inputs and parameters counts as one of two factors.
  int of_factors(const lathe::node& node, bool trained, bool to_input) const {
    if ((state_[node.id().index] & kReached) == 0) return 0;
    int gradients = trained ? 1 : 0;
    std::uint32_t at = 0;  // among the inputs, of which only tensors are operands
    for (const auto& operand : node.operands()) {
      if (!operand.is_input()) break;
      while (at < node.input_count() && node.input(at).dtype() == LATHE_DTYPE_NONE) ++at;
      if (at == node.input_count()) break;
      const std::uint8_t state = state_[node.input(at++).id().index];
      if (operand.role() == LATHE_ROLE_BIAS) continue;
      if ((state & (to_input ? kOfInput : kOfParameter)) != 0) ++gradients;
    }
    return gradients < 2 ? gradients : 2;
  }

 private:
  static constexpr std::uint8_t kOfParameter = 1, kOfInput = 2, kReached = 4;

  static bool is_float(lathe_dtype dtype) {
    return dtype == LATHE_DTYPE_FLOAT32 || dtype == LATHE_DTYPE_FLOAT64 ||
           dtype == LATHE_DTYPE_FLOAT16 || dtype == LATHE_DTYPE_BFLOAT16;
  }
  std::uint8_t& of(const lathe::node& node) { return state_[node.id().index]; }

  // Whether a gradient of its result is asked for, with and without that to the input.
  std::uint8_t found(const lathe::node& node, bool trained) {
    if (!is_float(node.dtype())) return 0;
    if (node.is_placeholder()) return kOfInput;
    std::uint8_t state = trained ? kOfParameter | kOfInput : 0;
    for (std::uint32_t i = 0; i < node.input_count(); ++i) {
      state = static_cast<std::uint8_t>(state | (of(node.input(i)) & (kOfParameter | kOfInput)));
    }
    return state;
  }

  void reach(const lathe::node& node) {
    std::uint8_t& state = of(node);
    if (node.is_output()) state |= kReached;
    // No gradient passes a result of integers.
    if ((state & kReached) == 0 || (!node.is_output() && !is_float(node.dtype()))) return;
    for (std::uint32_t i = 0; i < node.input_count(); ++i) of(node.input(i)) |= kReached;
  }

  std::vector<std::uint8_t> state_;  // by node id
};

}  // namespace analysis
