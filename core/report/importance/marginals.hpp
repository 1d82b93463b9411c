// How the variance of a tree over the whole space is shared out to its axes (Hutter, Hoos,
// Leyton-Brown: "An efficient approach for assessing hyperparameter importance", ICML 2014,
// algorithm 2 for single parameters).
#pragma once

#include "core/report/importance/tree.hpp"

namespace lathe {

struct TreeVariance {
  double total = 0;
  std::vector<double> alone;  // by axis: the variance of the mean over all other axes
};

TreeVariance variance_of(const ImportanceTree& tree, const ImportanceSpace& space);

}  // namespace lathe
