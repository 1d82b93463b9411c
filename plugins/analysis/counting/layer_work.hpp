// What the counting conventions see of a node, worked out once per profile.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

struct LayerWork {
  bool known = false;
  lathe_count_rule counting = LATHE_COUNT_NOTHING;
  double macs = 0, elementwise = 0;
  double computations = 0, backward_computations = 0;
  double input = 0, output = 0;  // elements
  double positions = 1;          // those of the result by those of the input, along the image
  bool bias = false, affine = false;
  bool two_dimensional = false;  // the input is [batch, channels, height, width]
  bool trained = false;          // it has parameters
};

// Extents behind batch and channels.
inline double image_positions(const lathe::shape& shape) {
  double positions = 1;
  for (std::uint64_t d = 2; d < shape.size(); ++d) positions *= static_cast<double>(shape[d]);
  return positions;
}

inline LayerWork layer_work(const lathe::node& node) {
  const lathe_cost& cost = node.cost();
  LayerWork work;
  work.known = cost.known != 0;
  work.counting = node.facts().counting;
  work.macs = cost.macs;
  work.elementwise = cost.elementwise;
  work.computations = cost.computations;
  work.backward_computations = cost.backward_computations;
  bool first = true;
  double positions = 1;
  for (const auto& operand : node.operands()) {
    work.trained |= operand.is_parameter();
    work.bias |= operand.role() == LATHE_ROLE_BIAS;
    work.affine |= operand.role() == LATHE_ROLE_WEIGHT || operand.name() == "weight";
    if (operand.is_output()) {
      work.output = static_cast<double>(operand.numel());
      positions = image_positions(operand.shape()) / positions;
    }
    if (!operand.is_input() || !operand.is_tensor() || !first) continue;
    first = false;
    work.input = static_cast<double>(operand.numel());
    work.two_dimensional = operand.shape().size() == 4;
    positions = image_positions(operand.shape());
  }
  work.positions = positions;
  return work;
}

}  // namespace analysis
