// The search space as the samplers of this folder see it, and one uniform draw from a dimension.
// Knows no sampler.
#pragma once

#include <lathe/kind/sampler.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace search_strategies {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
inline bool is_absent(double value) { return std::isnan(value); }

struct Parameter {
  std::string name;
  lathe_parameter_kind kind = LATHE_PARAMETER_CATEGORICAL;
  bool logarithmic = false;
  std::uint64_t choices = 0;  // categorical
  double low = 0, high = 0;   // numeric, inclusive
  double step = 0;            // 0: continuous; never 0 for an integer
  std::uint32_t parent = LATHE_NONE_ID;
  std::vector<double> parent_values;

  bool categorical() const { return kind == LATHE_PARAMETER_CATEGORICAL; }
  bool continuous() const { return !categorical() && step == 0; }
  // How many values there are; 0 for a continuous one.
  std::uint64_t count() const {
    if (categorical()) return choices;
    if (continuous()) return low == high ? 1 : 0;
    // The slack makes 0.1 .. 0.7 by 0.1 seven values in binary floating point.
    return static_cast<std::uint64_t>(std::floor((high - low) / step + 1e-9)) + 1;
  }
  // Value number `index` in ascending order. REQUIRES: index < count().
  double value(std::uint64_t index) const {
    if (categorical()) return static_cast<double>(index);
    return std::min(high, low + step * static_cast<double>(index));
  }
  // The nearest value of the grid.
  double rounded(double x) const {
    if (step > 0) x = low + std::nearbyint((x - low) / step) * step;
    return std::clamp(x, low, step > 0 ? value(count() - 1) : high);
  }
};

struct Space {
  std::vector<Parameter> parameters;
  std::vector<lathe_direction> directions;
  std::uint64_t seed = 0;

  // Whether parameter `p` exists, given the values of those before it.
  bool exists(std::size_t p, const double* values) const {
    const Parameter& parameter = parameters[p];
    if (parameter.parent == LATHE_NONE_ID) return true;
    const auto& with = parameter.parent_values;
    return std::find(with.begin(), with.end(), values[parameter.parent]) != with.end();
  }
};

// The host's struct, read with the host's own idea of a parameter's size.
inline Space read_space(const lathe_space& space) {
  Space result;
  result.seed = space.seed;
  result.directions.assign(space.directions, space.directions + space.objective_count);
  const char* row = reinterpret_cast<const char*>(space.parameters);
  for (std::uint64_t i = 0; i < space.parameter_count; ++i, row += space.parameter_size) {
    const auto& given = *reinterpret_cast<const lathe_parameter*>(row);
    Parameter parameter;
    parameter.name.assign(given.name.data, given.name.size);
    parameter.kind = given.kind;
    if (given.kind < LATHE_PARAMETER_CATEGORICAL || given.kind > LATHE_PARAMETER_REAL)
      throw std::invalid_argument("this sampler does not know the kind of the parameter '" +
                                  parameter.name + "'");
    parameter.logarithmic = given.logarithmic != 0;
    parameter.choices = given.choices;
    parameter.low = given.low;
    parameter.high = given.high;
    parameter.step = given.kind == LATHE_PARAMETER_INTEGER && given.step == 0 ? 1 : given.step;
    parameter.parent = given.parent;
    if (given.parent != LATHE_NONE_ID)
      parameter.parent_values.assign(given.parent_values,
                                     given.parent_values + given.parent_value_count);
    result.parameters.push_back(std::move(parameter));
  }
  return result;
}

// One value of a dimension from a uniform number of [0, 1), as Optuna's RandomSampler distributes
// it: a grid gets half a step on either side, logarithmic dimensions are uniform in the logarithm.
inline double uniform_value(const Parameter& parameter, double u) {
  if (parameter.categorical() || (parameter.step > 0 && !parameter.logarithmic)) {
    const std::uint64_t count = parameter.count();
    const auto index = static_cast<std::uint64_t>(u * static_cast<double>(count));
    return parameter.value(std::min(index, count - 1));
  }
  double low = parameter.low;
  double high = parameter.step > 0 ? parameter.value(parameter.count() - 1) : parameter.high;
  if (parameter.step > 0) low -= parameter.step / 2, high += parameter.step / 2;
  if (!parameter.logarithmic) return parameter.rounded(low + u * (high - low));
  return parameter.rounded(std::exp(std::log(low) + u * (std::log(high) - std::log(low))));
}

}  // namespace search_strategies
