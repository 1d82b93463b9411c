// Attributes and distributions as the JSON texts that Optuna's tables hold.
#pragma once

#include "core/base/json.hpp"
#include "core/search/search.hpp"

#include <string>
#include <string_view>

namespace lathe {

// A text that is no strict JSON (Python writes NaN and Infinity) comes back as a string.
Value value_of_json(std::string_view text);

std::string distribution_json(const StoredParameter& parameter);
// Whether a trial's distribution is this parameter's.
bool same_distribution(const StoredParameter& parameter, std::string_view json);

}  // namespace lathe
