// Who of a population survives: whole fronts while they fit, then the members of the next one that
// a rule prefers. Knows no space.
#pragma once

#include "population.hpp"

#include <functional>

namespace search_strategies {

// One number of [0, 1) after the other.
using NextUniform = std::function<double()>;

// NSGA-II: the least crowded, whose neighbours in each objective are farthest apart.
Members least_crowded(const Population& population, std::size_t size);

// NSGA-III: those that fill niches around directions (Deb and Jain, "An evolutionary many-objective
// optimization algorithm using reference-point-based nondominated sorting approach", part I, 2014).
using Directions = std::vector<std::vector<double>>;
Members of_niches(const Population& population, std::size_t size, const Directions& directions,
                  const NextUniform& uniform);

// Das and Dennis's: every way to share `parts` equal parts between the objectives.
Directions reference_directions(std::size_t objectives, std::size_t parts);
// How many these are, as far as that is below `most`.
std::size_t count_directions(std::size_t objectives, std::size_t parts, std::size_t most);

}  // namespace search_strategies
