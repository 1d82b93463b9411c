// A tree as TOML text, for people to paste into a config file. Reading is core/config's.
#pragma once

#include "core/base/value.hpp"

#include <string>

namespace lathe {

// Maps become tables, "[passes.quantize]" and so on; none becomes "NA". `value` is a map.
std::string toml_text(const Value& value);

}  // namespace lathe
