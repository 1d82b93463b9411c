// Words of Optuna's columns: directions, times, infinite values. States have theirs with the
// trials.
#pragma once

#include "core/search/search.hpp"

#include <string>
#include <string_view>

namespace lathe {

std::string_view direction_word(lathe_direction direction);

// "2026-11-20 09:43:10.701997", local time without a zone, as Optuna 3 writes it.
std::string time_text(std::chrono::system_clock::time_point time);
// The epoch for a text that is no time.
std::chrono::system_clock::time_point time_of_text(std::string_view text);

// "FINITE", "INF_POS", "INF_NEG"; an infinite value is stored as null and this word.
std::string_view value_type(double value);
double value_of_type(std::string_view type, double finite);

}  // namespace lathe
