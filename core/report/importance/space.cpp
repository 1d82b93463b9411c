#include "core/report/importance/space.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

ImportanceAxis axis_of(const Domain& domain, std::vector<double>& column) {
  ImportanceAxis axis;
  const bool absent = std::ranges::any_of(column, [](double number) { return std::isnan(number); });
  if (domain.categorical()) {
    axis.choices = domain.choices.size() + (absent ? 1 : 0);
    for (double& number : column)
      if (std::isnan(number)) number = static_cast<double>(domain.choices.size());
    axis.used = axis.choices > 1;
    return axis;
  }
  const auto place = [&](double number) { return domain.logarithmic ? std::log(number) : number; };
  axis.low = place(domain.low - domain.step / 2);
  axis.high = place(domain.high + domain.step / 2);
  axis.used =
      !absent && domain.low < domain.high && std::isfinite(axis.low) && std::isfinite(axis.high);
  for (double& number : column) number = place(number);
  return axis;
}

}  // namespace

ImportanceSpace importance_space(std::span<const Domain> parameters,
                                 const std::vector<std::vector<double>>& points) {
  ImportanceSpace space;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    std::vector<double> column;
    for (const std::vector<double>& point : points) column.push_back(point[p]);
    space.axes.push_back(axis_of(parameters[p], column));
    space.columns.push_back(std::move(column));
  }
  return space;
}

}  // namespace lathe
