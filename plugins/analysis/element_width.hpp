// The bits of one element of an operand: the first entry of its precision.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

// MASE's average added every entry, so an integer of 8 bits with 4 behind the point weighed 12. The
// rest of a precision says where the bits lie, not how many there are. A format whose precision
// does not begin with a number says so by its storage.
inline double element_width(const lathe::operand& operand) {
  const lathe::value_view first = operand.precision(0);
  const bool is_number = first.kind() == LATHE_VALUE_INT || first.kind() == LATHE_VALUE_FLOAT;
  return is_number ? first.real() : operand.bits();
}

}  // namespace analysis
