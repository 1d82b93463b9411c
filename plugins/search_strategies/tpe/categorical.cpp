#include "categorical.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace search_strategies {

std::vector<double> categorical_density(std::vector<double> choice_weights, std::size_t m) {
  const auto choices = static_cast<double>(choice_weights.size());
  const double total = std::accumulate(choice_weights.begin(), choice_weights.end(), 0.0);
  const double smoothing = 1.0 / static_cast<double>(m + 1);
  for (double& weight : choice_weights)
    weight = ((smoothing * total + weight) / (1.0 + choices * smoothing) + 1.0 / choices) /
             (total + 1.0);
  return choice_weights;
}

CategoricalChoice::CategoricalChoice(std::vector<double> l, std::vector<double> g,
                                     std::uint64_t candidates)
    : l_(std::move(l)), candidates_(static_cast<double>(candidates)), order_(l_.size()) {
  std::vector<double>& ratio = g;
  for (std::size_t c = 0; c < l_.size(); ++c) ratio[c] = l_[c] / g[c];
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return ratio[a] != ratio[b] ? ratio[a] < ratio[b] : a < b;
  });
  // Mathematically equal ratios differ in their last bits.
  groups_.reserve(order_.size() + 1);
  for (std::size_t i = 0; i < order_.size(); ++i)
    if (i == 0 || ratio[order_[i]] > ratio[order_[i - 1]] * (1 + 1e-12)) groups_.push_back(i);
  groups_.push_back(order_.size());
}

std::size_t CategoricalChoice::draw(double u) const {
  // Where the best of the candidates falls in the running sum of l.
  const double v = std::pow(u, 1 / candidates_);
  double below = 0;
  std::size_t group = 0;
  for (; group + 2 < groups_.size(); ++group) {
    const double mass = group_mass(group);
    if (v < below + mass) break;
    below += mass;
  }
  if (groups_[group + 1] - groups_[group] == 1) return order_[groups_[group]];
  // Within a group in proportion to l, by what is left of the number.
  const double mass = group_mass(group);
  const double low = std::pow(below, candidates_);
  const double high = group + 2 == groups_.size() ? 1.0 : std::pow(below + mass, candidates_);
  return member(group, mass * (u - low) / (high - low));
}

std::vector<double> CategoricalChoice::probabilities() const {
  std::vector<double> result(l_.size(), 0.0);
  double below = 0;
  for (std::size_t group = 0; group + 1 < groups_.size(); ++group) {
    const double mass = group_mass(group);
    const double share =
        (std::pow(below + mass, candidates_) - std::pow(below, candidates_)) / mass;
    for (std::size_t i = groups_[group]; i < groups_[group + 1]; ++i)
      result[order_[i]] = l_[order_[i]] * share;
    below += mass;
  }
  return result;
}

double CategoricalChoice::group_mass(std::size_t group) const {
  double mass = 0;
  for (std::size_t i = groups_[group]; i < groups_[group + 1]; ++i) mass += l_[order_[i]];
  return mass;
}

std::size_t CategoricalChoice::member(std::size_t group, double target) const {
  std::size_t i = groups_[group];
  for (; i + 1 < groups_[group + 1]; ++i) {
    target -= l_[order_[i]];
    if (target < 0) break;
  }
  return order_[i];
}

}  // namespace search_strategies
