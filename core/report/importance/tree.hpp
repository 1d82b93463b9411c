// A regression tree over the points of a search (Breiman et al., 1984): each split is the one after
// which the squares of what is left are least.
#pragma once

#include "core/report/importance/space.hpp"

namespace lathe {

struct ImportanceTree {
  struct Node {
    static constexpr std::size_t kLeaf = static_cast<std::size_t>(-1);
    std::size_t axis = kLeaf;
    double at = 0;     // left: the choice `at`, or numbers below it
    double value = 0;  // of a leaf: the mean of its points
    std::size_t left = 0, right = 0;

    bool leaf() const { return axis == kLeaf; }
  };
  std::vector<Node> nodes;  // the first is the root
};

// `rows`: the points to learn from, repeats count. `order`: that in which axes are tried; of splits
// that are equally good the first is taken. REQUIRES: rows is not empty.
ImportanceTree grown_tree(const ImportanceSpace& space, std::span<const double> values,
                          std::vector<std::size_t> rows, std::span<const std::size_t> order,
                          std::size_t depth);

}  // namespace lathe
