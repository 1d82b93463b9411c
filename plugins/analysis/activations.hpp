// Which tensors are activations: those that flow, unlike what the network holds.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

// Calls see(operand, is_held) for each tensor that a node reads; is_held: of a get_attr node, the
// same for every row.
template <class See>
void for_each_read(const lathe::node& node, See see) {
  std::uint32_t input = 0;
  for (const lathe::operand operand : node.operands()) {
    if (!operand.is_input() || !operand.is_tensor()) continue;
    // Operands are the inputs that are tensors, in their order.
    while (input < node.input_count() && node.input(input).dtype() == LATHE_DTYPE_NONE) ++input;
    const bool is_known = input < node.input_count();
    see(operand, is_known && node.input(input).opcode() == LATHE_OPCODE_GET_ATTR);
    ++input;
  }
}

}  // namespace analysis
