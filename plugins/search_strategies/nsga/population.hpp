// A generation's complete trials, and who of them is better than whom. Knows no space.
#pragma once

#include <cstddef>
#include <vector>

namespace search_strategies {

struct Individual {
  std::vector<double> point;
  std::vector<double> objectives;  // all to be minimised; no NaN
  double violation = 0;            // of its constraints, summed; 0: feasible
};

using Population = std::vector<Individual>;
using Members = std::vector<std::size_t>;  // by their place in a population

// Feasible ones dominate all others, which less violation dominates; among feasible ones, no
// objective is worse and one is better (Deb et al., "A fast and elitist multiobjective genetic
// algorithm: NSGA-II", 2002, section VI).
bool dominates(const Individual& a, const Individual& b);

// Whom nobody dominates, whom only those dominate, and so on, until `enough` are ranked.
std::vector<Members> fronts(const Population& population, std::size_t enough);

}  // namespace search_strategies
