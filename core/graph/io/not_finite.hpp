// Numbers that JSON has no form for, as texts: "inf", "-inf", "nan".
#pragma once

#include "core/base/value.hpp"

namespace lathe {

// The value with such texts in the place of such numbers, in lists and maps too; and back, which
// leaves maps alone.
Value without_not_finite(const Value& value);
Value with_not_finite(const Value& value);

}  // namespace lathe
