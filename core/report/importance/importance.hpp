// Which parameters of a search matter: functional ANOVA of a random forest that learned its trials.
// As Optuna's FanovaImportanceEvaluator, but over the choices themselves and not over a cube of one
// column for each, and logarithmic ranges by their logarithm.
#pragma once

#include "core/search/space/domain.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace lathe {

struct ImportanceOptions {
  std::size_t trees = 64;
  std::size_t depth = 64;
  bool resample = true;  // each tree learns from as many points, drawn with repeats
  std::uint64_t seed = 0;
};

struct Importance {
  // By parameter, means over the trees: the share of the variance that it explains alone. Zero for
  // what has no choice and for ranges that some points lack.
  std::vector<double> shares;
  std::vector<double> deviations;
  double together = 0;  // what no parameter explains alone
};

// `points`: numbers as studies have them, NaN: does not exist. No shares if all values are alike.
// REQUIRES: values are finite, one for each point.
Importance importance_of(std::span<const Domain> parameters,
                         const std::vector<std::vector<double>>& points,
                         std::span<const double> values, const ImportanceOptions& options = {});

}  // namespace lathe
