// How Python prints a value: True, None, 1e-05, (2, 2). For printouts that users compare with
// PyTorch's.
#pragma once

#include "core/base/value.hpp"

namespace lathe {

// A list prints as a tuple if `tuples`, else in brackets. Strings print bare, as str() does; what
// indexes a tensor as slice(None, None, 2) and Ellipsis.
std::string python_text(const Value& value, bool tuples);

}  // namespace lathe
