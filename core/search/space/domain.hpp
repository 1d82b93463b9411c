// What one parameter of a search can be: choices, or numbers of a range. Samplers and studies know
// a value by a number: the index of a choice, or the number itself; NaN: the parameter does not
// exist. Knows nothing of what a parameter is for.
#pragma once

#include "core/base/value.hpp"

#include <lathe/kind/sampler.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lathe {

// Counts saturate here.
constexpr std::uint64_t kMostPoints = static_cast<std::uint64_t>(INT64_MAX);

struct Domain {
  std::vector<Value> choices;  // categorical; empty: a range
  lathe_parameter_kind kind = LATHE_PARAMETER_CATEGORICAL;
  double low = 0, high = 0;  // of a range: both ends belong to it
  double step = 0;           // 0: continuous; never 0 for integers
  bool logarithmic = false;

  bool categorical() const { return kind == LATHE_PARAMETER_CATEGORICAL; }
  // More values than can be counted.
  bool infinite() const { return !categorical() && step == 0 && low < high; }
  // How many values. REQUIRES: not infinite.
  std::uint64_t count() const;
  // Value number `index` in ascending order. REQUIRES: below count().
  double at(std::uint64_t index) const;
  // Whether a number stands for a value.
  bool takes(double number) const;
  // What a number stands for. Throws run_error, naming `name`, if it stands for nothing.
  Value value(double number, std::string_view name) const;
  // The number that stands for a value as a user writes it; nothing if none does.
  std::optional<double> number_of(const Value& value) const;
  // The value that a uniform number of [0, 1) picks.
  double picked(double uniform) const;
  // As a config file writes it: [2, 4, 8], or {low, high, step, log}.
  Value described() const;
  // For a table: "2, 4, 8", "0.0001 to 0.1, logarithmic", "1 to 8 by 1".
  std::string text() const;
};

// Whether two choices are one: 4 and 4.0 are.
bool same_choice(const Value& a, const Value& b);

// The last value of the grid low, low + step, ... that is not above `high`, free of the last bits
// that binary fractions add. REQUIRES: step > 0.
double grid_end(double low, double high, double step);

// When a parameter exists: if another, an earlier one, exists and has one of these numbers.
struct Condition {
  static constexpr std::size_t kAlways = static_cast<std::size_t>(-1);
  std::size_t parent = kAlways;
  std::vector<double> numbers = {};  // ascending; none: never

  bool met(std::span<const double> point) const;
};

// Makes NaN of the numbers of parameters that do not exist.
template <typename Parameter>
void leave_out_absent(const std::vector<Parameter>& parameters, std::vector<double>& point);

struct Choosable {
  const Domain* domain;
  const Condition* condition;
};

// How many different points there are, with what does not exist left out; saturating.
struct PointCounts {
  std::uint64_t total = 1;
  // Per parameter: of its values, each with what exists because of it; 1 if it never exists.
  std::vector<std::uint64_t> of;
  // Per parameter: of what exists because of a value; a value that is not here: 1.
  std::vector<std::map<double, std::uint64_t>> because_of;
};
// Nothing: there is no end of them.
std::optional<PointCounts> count_points(std::span<const Choosable> parameters);

template <typename Parameter>
void leave_out_absent(const std::vector<Parameter>& parameters, std::vector<double>& point) {
  for (std::size_t p = 0; p < parameters.size() && p < point.size(); ++p) {
    if (!parameters[p].condition.met(point)) point[p] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace lathe
