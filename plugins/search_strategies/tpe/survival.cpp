#include "survival.hpp"

namespace search_strategies {

Survival::Survival(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    counts_.emplace_back(parameter.categorical() ? parameter.choices : kParts);
}

std::size_t Survival::cell(const Parameter& parameter, const Axis& axis, double value) {
  if (parameter.categorical()) return static_cast<std::size_t>(value);
  const double part = axis.fraction(value) * static_cast<double>(kParts);
  return std::min(kParts - 1, static_cast<std::size_t>(std::max(0.0, part)));
}

void Survival::add(const std::vector<Parameter>& parameters, const std::vector<Axis>& axes,
                   const double* values, bool failed) {
  ended_ += 1, failed_ += failed;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (is_absent(values[p])) continue;
    Count& count = counts_[p][cell(parameters[p], axes[p], values[p])];
    count.ended += 1, count.failed += failed;
  }
}

// As if one more trial had ended there as trials do in general.
double Survival::of_cell(std::size_t p, std::size_t cell) const {
  const double in_general = (ended_ - failed_ + 1) / (ended_ + 1);
  const Count& count = counts_[p][cell];
  return (count.ended - count.failed + in_general) / (count.ended + 1);
}

}  // namespace search_strategies
