// The terms of an objective, one row per type.
#pragma once

#include "tools/sampler_quality/function.hpp"

namespace lathe::quality {

// {"var": 0, "equals": 2}: variable number 0, one of `variables`, has that number. Throws
// usage_error.
Condition read_condition(const Value& when, std::span<const SearchParameter> variables);

// {"type": "table", "vars": [3], "t": [...]}. Throws usage_error for what does not fit the
// variables.
Term read_term(const Value& term, std::span<const SearchParameter> variables);

}  // namespace lathe::quality
