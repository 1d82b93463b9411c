#include "tools/sampler_quality/score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe::quality {

double hypervolume(std::vector<std::vector<double>> points, const std::vector<double>& reference) {
  std::erase_if(points, [&](const std::vector<double>& point) {
    return !(point[0] < reference[0] && point[1] < reference[1]);
  });
  std::ranges::sort(points);
  double area = 0, ceiling = reference[1];
  for (const std::vector<double>& point : points) {
    if (point[1] >= ceiling) continue;
    area += (reference[0] - point[0]) * (ceiling - point[1]);
    ceiling = point[1];
  }
  return area;
}

double score(std::span<const Outcome> trials, const std::vector<double>& reference) {
  const Outcome* best = nullptr;
  std::vector<std::vector<double>> points;
  for (const Outcome& trial : trials) {
    if (trial.told.empty()) continue;
    if (best == nullptr || trial.told.front() < best->told.front()) best = &trial;
    if (trial.told.size() == 2) points.push_back(trial.real);
  }
  if (best == nullptr) return std::numeric_limits<double>::quiet_NaN();
  return best->told.size() == 2 ? hypervolume(std::move(points), reference) : best->real.front();
}

std::vector<std::size_t> budgets(std::size_t trials) {
  std::vector<std::size_t> all;
  for (std::size_t budget = 25; budget < trials; budget += std::min<std::size_t>(budget, 100))
    all.push_back(budget);
  all.push_back(trials);
  return all;
}

}  // namespace lathe::quality
