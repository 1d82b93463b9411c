// Whether number formats sit on a node.
#pragma once

#include "../analysis/number_format.hpp"

inline bool carries_format(const lathe::node& node) {
  for (const lathe::operand operand : node.operands()) {
    if (analysis::has_format(operand)) return true;
  }
  return false;
}
