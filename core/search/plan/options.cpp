#include "core/search/plan/options.hpp"

namespace lathe {

std::vector<lathe_direction> SearchOptions::directions() const {
  if (sum_scaled_metrics) return {direction};
  std::vector<lathe_direction> result;
  for (const Metric& metric : metrics) result.push_back(metric.direction);
  return result;
}

std::vector<std::string> SearchOptions::objectives() const {
  if (sum_scaled_metrics) return {"sum"};
  std::vector<std::string> result;
  for (const Metric& metric : metrics) result.push_back(metric.name);
  return result;
}

std::vector<ReadScalar> SearchOptions::scalars() const {
  std::vector<ReadScalar> result;
  for (const Metric& metric : metrics) result.push_back({"metric", metric.name, metric.position});
  for (const SearchConstraint& constraint : constraints)
    result.push_back({"constrained number", constraint.name, constraint.position});
  return result;
}

}  // namespace lathe
