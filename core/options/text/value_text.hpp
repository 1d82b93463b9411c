// Prints values so that reading them again (parse_value) gives the same. Quotes only where a word
// would be read as something else.
#pragma once

#include "core/base/value.hpp"

namespace lathe {

std::string text_of(const Value& value);
// "width=8,linear.name=integer": nested tables become dotted keys.
std::string assignments_text(const Value::Map& map);

}  // namespace lathe
