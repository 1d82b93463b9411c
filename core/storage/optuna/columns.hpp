// Words of Optuna's columns: directions, infinite values. States have theirs with the trials.
#pragma once

#include "core/search/search.hpp"

#include <string>
#include <string_view>

namespace lathe {

std::string_view direction_word(lathe_direction direction);

// "FINITE", "INF_POS", "INF_NEG"; an infinite value is stored as null and this word.
std::string_view value_type(double value);
double value_of_type(std::string_view type, double finite);

}  // namespace lathe
