#include "front_order.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

namespace search_strategies {

std::vector<std::size_t> front_order(const std::vector<double>& costs) {
  std::vector<std::size_t> order;
  if (costs.empty()) return order;
  order.push_back(0);
  if (costs.size() == 1) return order;
  order.push_back(costs.size() - 1);
  struct Gap {
    double width;
    std::size_t left, right;
    bool operator<(const Gap& other) const {  // the widest comes out first, of equals the left one
      return std::tie(width, other.left) < std::tie(other.width, left);
    }
  };
  std::priority_queue<Gap> gaps;
  const auto add = [&](std::size_t left, std::size_t right) {
    if (right - left > 1) gaps.push({costs[right] - costs[left], left, right});
  };
  add(0, costs.size() - 1);
  while (!gaps.empty()) {
    const Gap gap = gaps.top();
    gaps.pop();
    const double middle = (costs[gap.left] + costs[gap.right]) / 2;
    const auto begin = costs.begin();
    const auto above = std::lower_bound(begin + static_cast<std::ptrdiff_t>(gap.left) + 1,
                                        begin + static_cast<std::ptrdiff_t>(gap.right), middle);
    auto nearest = static_cast<std::size_t>(above - begin);
    if (nearest == gap.right ||
        (nearest - 1 > gap.left && middle - costs[nearest - 1] <= costs[nearest] - middle)) {
      --nearest;
    }
    order.push_back(nearest);
    add(gap.left, nearest);
    add(nearest, gap.right);
  }
  return order;
}

}  // namespace search_strategies
