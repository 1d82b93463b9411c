// NSGA-II's survivors, with Optuna's rules for infinite and equal values.
#include "selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace search_strategies {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Adds, to each member of a front, the gap between its neighbours in an objective, as a share of
// the front's extent; outermost ones have an infinite gap.
void add_gaps(const Population& population, const Members& front, std::size_t objective,
              std::vector<double>& distances) {
  const auto value = [&](std::size_t i) { return population[front[i]].objectives[objective]; };
  Members order(front.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
  const double first = value(order.front()), last = value(order.back());
  if (first == last) return;
  double low = kInfinity, high = -kInfinity;  // of the finite ones
  for (const std::size_t i : order) {
    if (!std::isfinite(value(i))) continue;
    low = std::min(low, value(i)), high = std::max(high, value(i));
  }
  const double extent = high > low ? high - low : 1;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const double before = k == 0 ? -kInfinity : value(order[k - 1]);
    const double after = k + 1 == order.size() ? kInfinity : value(order[k + 1]);
    if (before != after) distances[order[k]] += (after - before) / extent;
  }
}

}  // namespace

Members least_crowded(const Population& population, std::size_t size) {
  Members survivors;
  for (const Members& front : fronts(population, size)) {
    if (survivors.size() + front.size() <= size) {
      survivors.insert(survivors.end(), front.begin(), front.end());
      continue;
    }
    std::vector<double> distances(front.size());
    for (std::size_t o = 0; o < population[front.front()].objectives.size(); ++o)
      add_gaps(population, front, o, distances);
    Members order(front.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return distances[a] > distances[b]; });
    for (std::size_t i = 0; survivors.size() < size; ++i) survivors.push_back(front[order[i]]);
  }
  return survivors;
}

}  // namespace search_strategies
