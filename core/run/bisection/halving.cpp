#include "core/run/bisection/halving.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace lathe::run {

double cost_of(double before, double value, bool higher_is_better) {
  if (std::isnan(value)) return std::numeric_limits<double>::infinity();
  return higher_is_better ? before - value : value - before;
}

Halving costliest_change(std::size_t count, bool higher_is_better, const Measure& measure,
                         const std::function<void(const TriedHalf&)>& see) {
  Halving out;
  const auto measured = [&](std::span<const std::size_t> changes) {
    ++out.measured;
    return measure(changes);
  };
  const auto cost = [&](double value) { return cost_of(out.before, value, higher_is_better); };
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  out.before = measured({});
  out.after = out.alone = measured(all);
  out.cost = cost(out.after);
  std::span<const std::size_t> left(all);
  for (std::size_t step = 1; left.size() > 1; ++step) {
    const std::size_t middle = (left.size() + 1) / 2;
    for (const auto half : {left.first(middle), left.subspan(middle)}) {
      const double value = measured(half);
      out.halves.push_back({step, {half.begin(), half.end()}, value, cost(value)});
      if (see) see(out.halves.back());
    }
    TriedHalf& first = out.halves[out.halves.size() - 2];
    TriedHalf& second = out.halves.back();
    const bool is_first = first.cost >= second.cost;
    (is_first ? first : second).followed = true;
    out.alone = is_first ? first.value : second.value;
    left = is_first ? left.first(middle) : left.subspan(middle);
  }
  out.found = left.front();
  out.cost_alone = cost(out.alone);
  std::erase(all, out.found);
  out.without = all.empty() ? out.before : measured(all);
  out.regained = cost(out.after) - cost(out.without);
  return out;
}

}  // namespace lathe::run
