// "did you mean": the nearest known word, by edit distance with transpositions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);
// "; did you mean 'weight_width'?" or, if nothing is near, "; known: a, b, c" (at most 12).
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace lathe
