// "did you mean": the nearest known words, by edit distance with transpositions, or of one family.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// By edit distance alone.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);
// The nearest one; or those of the word's family, which begin with the same letters, at most 6:
// "resnet20", "resnet18", ... for "resnet34", those with the nearest number first.
std::vector<std::string> near_words(std::string_view word, const std::vector<std::string>& known);
// "; did you mean 'weight_width'?" or, if nothing is near, "; known: a, b, c" (at most 12).
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace lathe
