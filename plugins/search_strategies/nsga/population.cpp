#include "population.hpp"

namespace search_strategies {

bool dominates(const Individual& a, const Individual& b) {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  bool better = false;
  for (std::size_t o = 0; o < a.objectives.size(); ++o) {
    if (a.objectives[o] > b.objectives[o]) return false;
    better |= a.objectives[o] < b.objectives[o];
  }
  return better;
}

std::vector<Members> fronts(const Population& population, std::size_t enough) {
  const std::size_t count = population.size();
  std::vector<Members> dominated(count);
  std::vector<std::size_t> dominators(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      if (dominates(population[i], population[j])) {
        dominated[i].push_back(j);
        ++dominators[j];
      } else if (dominates(population[j], population[i])) {
        dominated[j].push_back(i);
        ++dominators[i];
      }
    }
  }
  std::vector<Members> result;
  Members front;
  for (std::size_t i = 0; i < count; ++i)
    if (dominators[i] == 0) front.push_back(i);
  for (std::size_t ranked = 0; ranked < enough && !front.empty();) {
    ranked += front.size();
    Members next;
    for (const std::size_t i : front)
      for (const std::size_t j : dominated[i])
        if (--dominators[j] == 0) next.push_back(j);
    result.push_back(std::move(front));
    front = std::move(next);
  }
  return result;
}

}  // namespace search_strategies
