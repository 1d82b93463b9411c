// The number format of an operand: whether two are alike, and how one is written.
#pragma once

#include <lathe/lathe.hpp>

#include "../option_values.hpp"

namespace analysis {

// The same format with the same options, or both float.
inline bool same_format(const lathe::operand& a, const lathe::operand& b) {
  return a.type() == b.type() && a.bits() == b.bits() &&
         option_values::same(a.format_options().all(), b.format_options().all());
}

// "float", "integer<width=8,frac_width=4,is_signed=true>"; options that are NA are left out.
inline std::string format_text(const lathe::operand& operand,
                               option_values::Lists lists = option_values::Lists::whole) {
  return option_values::component_text(operand.type(), operand.format_options().all(), lists);
}

inline bool has_format(const lathe::operand& operand) {
  return operand.format_options().all().kind() == LATHE_VALUE_MAP;
}

// Whether number formats can sit on operands of its kind.
inline bool may_have_format(const lathe::operand& operand) {
  return operand.is_tensor() && !operand.is_buffer() && !operand.is_state();
}

}  // namespace analysis
