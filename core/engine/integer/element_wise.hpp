// Which nodes can be part of a chain, as operations on pieces.
#pragma once

#include "core/engine/integer/chain.hpp"

namespace lathe::engine::integer {

// What a node does with the result of one of its inputs.
struct ElementWise {
  std::uint32_t main = 0;              // the step of that input
  std::optional<std::uint32_t> other;  // of a second tensor that it reads
  std::vector<Operation> operations;
  bool is_batch_norm = false;
  bool pools = false;
};

// Nothing: it cannot, whoever made its input. `main`: the step whose result is the main input.
std::optional<ElementWise> element_wise(const Plan& plan, std::uint32_t step, std::uint32_t main);
// Scale and shift of batch normalisations, from the operands of the plan.
void fill_in(Operation& operation, std::span<const at::Tensor> operands);

}  // namespace lathe::engine::integer
