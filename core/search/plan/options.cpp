#include "core/search/plan/options.hpp"

namespace lathe {

std::vector<lathe_direction> SearchOptions::directions() const {
  if (sum_scaled_metrics) return {direction};
  std::vector<lathe_direction> result;
  for (const Metric& metric : metrics) result.push_back(metric.direction);
  return result;
}

}  // namespace lathe
