// The JSON texts that Optuna's tables hold, read. They are written as json_text() has it.
#pragma once

#include "core/base/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lathe {

// Of JSON as Python writes it: its NaN and Infinity become none. Nothing if it is no such text, or
// nests deeper than anybody's attributes do.
std::optional<Value> value_of_json(std::string_view text);

}  // namespace lathe
