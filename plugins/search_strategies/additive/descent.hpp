// The least point of several drawn functions together, found by changing one parameter at a time.
// Knows nothing of trials.
#pragma once

#include "draws.hpp"
#include "features.hpp"

namespace search_strategies {

// One number from the values of the functions, the less the better.
struct Scalarisation {
  // Of the first functions, the objectives: how much each counts above `best`. Several are joined
  // by the largest, and a little of the sum (augmented Chebyshev), which reaches every point of a
  // front.
  std::vector<double> weights, best;
  // Of the functions after them, which must not be positive: what a violation of 1 costs.
  std::vector<double> penalties;

  double operator()(const double* values) const;
};

class Descent {
 public:
  // REQUIRES: all outlive it.
  Descent(const Space& space, const Features& features, const std::vector<Coefficients>& functions,
          const Scalarisation& scalarisation);

  // Fills what `point` lacks at random, then goes down to where no single change helps. Returns
  // the number there.
  double run(std::vector<double>& point, Draws& draws);

 private:
  void complete(std::vector<double>& point, Draws& draws) const;
  std::vector<double> values_of(const std::vector<double>& point) const;
  void collect(std::size_t p, const std::vector<double>& point);
  void add_effects(std::vector<double>& values, std::size_t p, double value, double sign) const;
  bool step(std::size_t p, Draws& draws);
  bool step_with_children(std::size_t p);
  void choose_child(std::size_t p, std::vector<double>& point, std::vector<double>& values);

  const Space& space_;
  const Features& features_;
  const std::vector<Coefficients>& functions_;
  const Scalarisation& scalarisation_;
  std::vector<char> has_children_;
  std::vector<double> point_, values_;  // where it is, and the functions there
  double now_ = 0;
  // Of the parameter that was collected last: the values to try, and per function what the others
  // make of them.
  std::vector<double> tried_;
  std::vector<Features::Tilt> tilts_;
};

}  // namespace search_strategies
