// Which trials are the best. Optuna's rule: with one objective the first that attains the best
// value; with several all that no other dominates, equal ones included, in trial order. NaN
// compares with nothing: a trial that has one is none of them.
#include "core/search/loop/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lathe {
namespace {

using Points = std::vector<std::vector<double>>;  // to be minimised

bool is_nan(double value) { return std::isnan(value); }

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool strictly = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    strictly |= a[i] < b[i];
  }
  return strictly;
}

// `order` ascends lexicographically, so whatever dominates a point comes before it.
std::vector<std::size_t> front_of_two(const Points& points, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> front;
  for (std::size_t i : order) {
    const bool better = front.empty() || points[i][1] < points[front.back()][1];
    if (better || points[i] == points[front.back()]) front.push_back(i);
  }
  return front;
}

std::vector<std::size_t> front_of_many(const Points& points,
                                       const std::vector<std::size_t>& order) {
  std::vector<std::size_t> front;
  for (std::size_t i : order) {
    const auto covers = [&](std::size_t f) { return dominates(points[f], points[i]); };
    if (std::none_of(front.begin(), front.end(), covers)) front.push_back(i);
  }
  return front;
}

}  // namespace

std::vector<std::size_t> best_trials(const std::vector<std::vector<double>>& values,
                                     const std::vector<lathe_direction>& directions) {
  Points points = values;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].size() != directions.size() || std::ranges::any_of(points[i], is_nan)) continue;
    for (std::size_t d = 0; d < directions.size(); ++d)
      if (directions[d] == LATHE_DIRECTION_MAXIMIZE) points[i][d] = -points[i][d];
    order.push_back(i);
  }
  if (order.empty()) return {};
  if (directions.size() == 1) {
    return {*std::min_element(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return points[a][0] < points[b][0];
    })};
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<std::size_t> front =
      directions.size() == 2 ? front_of_two(points, order) : front_of_many(points, order);
  std::sort(front.begin(), front.end());
  return front;
}

std::vector<std::size_t> best_trials(std::span<const Trial> trials,
                                     const std::vector<lathe_direction>& directions) {
  std::vector<std::vector<double>> values;
  const Trial* least = nullptr;  // the complete one with the least violation
  for (const Trial& trial : trials) {
    const bool complete = trial.state == TrialState::complete;
    if (complete && (least == nullptr || trial.violation() < least->violation())) least = &trial;
    const bool counts = complete && trial.violation() == 0;
    values.push_back(counts ? trial.values : std::vector<double>{});
  }
  if (least != nullptr && least->violation() > 0)
    return {static_cast<std::size_t>(least - trials.data())};
  return best_trials(values, directions);
}

}  // namespace lathe
