#include "core/report/importance/importance.hpp"

#include "core/report/importance/marginals.hpp"
#include "core/tensor/random.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lathe {
namespace {

std::vector<std::size_t> rows_of_tree(std::size_t points, std::uint64_t tree,
                                      const ImportanceOptions& options) {
  std::vector<std::size_t> rows(points);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (!options.resample) return rows;
  std::vector<double> drawn(points);
  uniform(options.seed, 2 * tree, 0, drawn);
  for (std::size_t i = 0; i < points; ++i)
    rows[i] = static_cast<std::size_t>(drawn[i] * static_cast<double>(points));
  return rows;
}

// Ties would else always go to the first parameter.
std::vector<std::size_t> order_of_tree(std::size_t axes, std::uint64_t tree,
                                       const ImportanceOptions& options) {
  const std::vector<std::uint64_t> order = permutation(options.seed, 2 * tree + 1, axes);
  return {order.begin(), order.end()};
}

// Of each tree, the share of each parameter; trees that are one leaf have none.
std::vector<std::vector<double>> shares_of(const ImportanceSpace& space,
                                           std::span<const double> values,
                                           const ImportanceOptions& options) {
  std::vector<std::vector<double>> all;
  for (std::uint64_t tree = 0; tree < options.trees; ++tree) {
    const ImportanceTree grown =
        grown_tree(space, values, rows_of_tree(values.size(), tree, options),
                   order_of_tree(space.axes.size(), tree, options), options.depth);
    TreeVariance variance = variance_of(grown, space);
    if (variance.total <= 0) continue;
    for (double& alone : variance.alone) alone /= variance.total;
    all.push_back(std::move(variance.alone));
  }
  return all;
}

}  // namespace

Importance importance_of(std::span<const Domain> parameters,
                         const std::vector<std::vector<double>>& points,
                         std::span<const double> values, const ImportanceOptions& options) {
  Importance importance;
  if (values.empty()) return importance;
  const auto shares = shares_of(importance_space(parameters, points), values, options);
  if (shares.empty()) return importance;
  const auto trees = static_cast<double>(shares.size());
  importance.together = 1;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    double sum = 0, squares = 0;
    for (const std::vector<double>& of_tree : shares) {
      sum += of_tree[p];
      squares += of_tree[p] * of_tree[p];
    }
    const double mean = sum / trees;
    importance.shares.push_back(mean);
    importance.deviations.push_back(std::sqrt(std::max(0.0, squares / trees - mean * mean)));
    importance.together -= mean;
  }
  importance.together = std::max(0.0, importance.together);
  return importance;
}

}  // namespace lathe
