// Bit operations of a node: its computations weighted by the widths of what they work on. Rules:
// docs/mase.md, Costs.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <optional>

namespace analysis {

struct BitWidths {
  double in = 32, weight = 32, bias = 0;  // no bias: nothing to widen the accumulation
};

inline BitWidths bit_widths(const lathe::node& node) {
  BitWidths widths;
  bool second = false;
  for (const auto& operand : node.operands()) {
    const double width = operand.bits();
    if (operand.role() == LATHE_ROLE_DATA_IN && operand.is_tensor()) {
      // The second operand of an addition stands where a weight would.
      (second ? widths.weight : widths.in) = width;
      second = true;
    } else if (operand.role() == LATHE_ROLE_WEIGHT) {
      widths.weight = width;
    } else if (operand.role() == LATHE_ROLE_BIAS) {
      widths.bias = width;
    }
  }
  return widths;
}

// Of one computation; nothing for a rule that is not known here.
inline std::optional<double> bits_per_computation(lathe_bit_rule rule, const BitWidths& w) {
  switch (rule) {
    case LATHE_BITS_ACCUMULATING:
      return w.in * w.weight + std::max(w.in, w.bias);
    case LATHE_BITS_SCALING:
      return w.in * w.in;
    case LATHE_BITS_MULTIPLYING:
      return w.in * w.weight;
    case LATHE_BITS_WIDEST:
      return std::max(w.in, w.weight);
    case LATHE_BITS_PASSING:
      return w.in;
    default:
      return std::nullopt;
  }
}

// Nothing if the op has no cost rule or no known bit rule.
inline std::optional<double> bit_operations(const lathe::node& node) {
  const lathe_cost cost = node.cost();
  const std::optional<double> bits = bits_per_computation(node.facts().bits, bit_widths(node));
  if (cost.known == 0 || (!bits && cost.computations > 0)) return std::nullopt;
  return cost.computations * bits.value_or(0);
}

}  // namespace analysis
