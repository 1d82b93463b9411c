// Operands as the ABI's rows. Texts, shapes and precisions are not copied: a row points into what
// it was made from.
#pragma once

#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"

namespace lathe {

// Trees of values come from `memory`. Knows no place among the parameters of a node.
lathe_operand to_abi(const OperandView& operand, std::pmr::memory_resource& memory);
lathe_operand to_abi(const Operand& operand, std::pmr::memory_resource& memory);

}  // namespace lathe
