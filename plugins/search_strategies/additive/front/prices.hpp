// The points of a search of two quantities that are best at a price: where a quantity that adds up
// and so many times another one are least together, each parameter chooses for itself. Over all
// prices these are the corners of the front's convex hull (Everett, "Generalized Lagrange
// multiplier method for solving problems of optimum allocation of resources", 1963). Knows no
// trials.
#pragma once

#include "quantity.hpp"

namespace search_strategies {

// Points at prices from where only the first quantity matters to where only the second does, about
// `count` of them, `shift` (0 to 1) of a step further; none twice in a row.
std::vector<Columns> at_prices(const Choices& choices, const std::array<Drawn, 2>& quantities,
                               std::size_t count, double shift);

}  // namespace search_strategies
