// Words of Optuna's columns: directions, infinite values. States have theirs with the trials.
#pragma once

#include "core/search/search.hpp"

#include <optional>
#include <string_view>

namespace lathe {

std::string_view direction_word(lathe_direction direction);
std::optional<lathe_direction> direction_of_word(std::string_view word);

// "FINITE", "INF_POS", "INF_NEG" or "NAN": a value that is not finite is stored as null and this
// word.
std::string_view value_type(double value);
// What such a word says by itself.
std::optional<double> value_of_type(std::string_view type);

}  // namespace lathe
