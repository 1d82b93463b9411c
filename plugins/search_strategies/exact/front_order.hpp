// An order in which to try the points of a front: both ends, then again and again the one nearest
// the middle of the widest gap, so that the first ones are spread evenly, however many they are.
#pragma once

#include <cstddef>
#include <vector>

namespace search_strategies {

// `costs`: rising. Returns numbers of points.
std::vector<std::size_t> front_order(const std::vector<double>& costs);

}  // namespace search_strategies
