// Which weights count for the average width of a network's weights.
#pragma once

#include <lathe/lathe.hpp>

#include <optional>

namespace analysis {

struct CountedWeight {
  lathe::operand weight, input;
};

// Of a linear or convolution layer. Normalisations scale by their weights: they are no such layers.
inline std::optional<CountedWeight> counted_weight(const lathe::node& node) {
  if (!node.can_quantize(LATHE_ROLE_WEIGHT) || node.facts().bits == LATHE_BITS_SCALING) {
    return std::nullopt;
  }
  const auto weight = node.find_operand("weight"), input = node.find_operand("data_in_0");
  if (!weight || !input) return std::nullopt;
  return CountedWeight{*weight, *input};
}

}  // namespace analysis
