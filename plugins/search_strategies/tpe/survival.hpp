// How likely a trial does not fail, by what it has for each parameter: of the trials so far with
// the same choice, or with a number in the same part of the range, the share that did not. A
// failure is mostly one parameter's, eg a learning rate that diverges; and unlike in the density of
// bad trials it does not fade as newer trials come.
#pragma once

#include "axis.hpp"

namespace search_strategies {

class Survival {
 public:
  explicit Survival(const std::vector<Parameter>& parameters);

  void add(const std::vector<Parameter>& parameters, const std::vector<Axis>& axes,
           const double* values, bool failed);

  // No trial failed: every probability is the same.
  bool certain() const { return failed_ == 0; }
  double of_choice(std::size_t p, std::size_t choice) const { return of_cell(p, choice); }
  double of_value(std::size_t p, const Parameter& parameter, const Axis& axis, double value) const {
    return of_cell(p, cell(parameter, axis, value));
  }

 private:
  struct Count {
    double ended = 0, failed = 0;
  };
  static constexpr std::size_t kParts = 16;  // of a numeric range

  static std::size_t cell(const Parameter& parameter, const Axis& axis, double value);
  double of_cell(std::size_t p, std::size_t cell) const;

  std::vector<std::vector<Count>> counts_;  // per parameter and cell
  double ended_ = 0, failed_ = 0;
};

}  // namespace search_strategies
