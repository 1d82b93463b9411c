// The parameters of a study, as a person or Optuna writes them in JSON:
//   {"width": [2, 4, 8], "lr": {"low": 1e-4, "high": 0.1, "log": true}}        as in config files
//   {"lr": {"name": "FloatDistribution", "attributes": {"low": 1e-4, ...}}}    as Optuna does
#pragma once

#include "core/search/space/space.hpp"

namespace lathe {

// Throws usage_error, at its place, for what is no parameter.
SearchParameter read_parameter(const std::string& name, const Value& written);

// A condition, {"when": {"mode": [2, 3]}}, names a parameter that stands before.
SearchSpace read_written_space(const Value& written);

// The condition that `written` has; `before`: the parameters that stand before.
Condition read_when(const std::string& name, const Value& written,
                    std::span<const SearchParameter> before);

}  // namespace lathe
