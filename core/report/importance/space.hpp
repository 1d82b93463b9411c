// Points of a search as trees see them: an axis for each parameter, choices or an interval. Knows
// nothing of trees.
#pragma once

#include "core/search/space/domain.hpp"

#include <span>
#include <vector>

namespace lathe {

struct ImportanceAxis {
  std::size_t choices = 0;   // 0: an interval
  double low = 0, high = 0;  // of an interval
  bool used = true;          // false: nothing to choose, or a range that some points lack

  bool categorical() const { return choices > 0; }
};

struct ImportanceSpace {
  std::vector<ImportanceAxis> axes;          // by parameter
  std::vector<std::vector<double>> columns;  // by parameter, a number for each point
};

// What does not exist at a point (NaN) is one choice more. Numbers of a logarithmic range are
// logarithms; those of a grid stand in the middle of cells of equal size, so that a complete grid
// fills the space evenly.
ImportanceSpace importance_space(std::span<const Domain> parameters,
                                 const std::vector<std::vector<double>>& points);

}  // namespace lathe
