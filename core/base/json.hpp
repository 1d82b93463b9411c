// Values to and from JSON, key order kept. What is not finite has no JSON and becomes null.
#pragma once

#include "core/base/value.hpp"

#include <nlohmann/json.hpp>

namespace lathe {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value);
// An unsigned integer beyond int64 becomes a float.
Value value_of(const Json& json);

}  // namespace lathe
