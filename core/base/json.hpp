// Values to and from JSON, key order kept. What is not finite has no JSON and becomes null.
#pragma once

#include "core/base/value.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace lathe {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value);
// The text of that without blanks, in ASCII, written at once: trees of JSON cost ten times as much.
std::string json_text(const Value& value);
// A text as JSON has it, in ASCII. What is no UTF-8 is replaced.
void append_json(std::string& out, std::string_view text);
// An unsigned integer beyond int64 becomes a float.
Value value_of(const Json& json);

}  // namespace lathe
