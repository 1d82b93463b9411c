// Which weights count for the average width of a network's weights.
#pragma once

#include "shared_weights.hpp"

#include <lathe/lathe.hpp>

#include <optional>

namespace analysis {

// Those of linear layers, convolutions and attention, and of functions of the kind.
// Normalisations scale by their weights: they are no such layers.
inline bool counts_weights(const lathe::node& node) {
  return node.can_quantize(LATHE_ROLE_WEIGHT) && node.facts().bits != LATHE_BITS_SCALING;
}

// What is multiplied by them.
inline std::optional<lathe::operand> counted_input(const lathe::node& node) {
  for (const lathe::operand& operand : node.operands()) {
    if (operand.is_input() && operand.role() == LATHE_ROLE_DATA_IN) return operand;
  }
  return std::nullopt;
}

}  // namespace analysis
