// The two densities of TPE for one categorical parameter and the draw from them, in closed form
// (Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, as Optuna has it). Knows
// nothing of trials and splits.
#pragma once

#include "../space.hpp"

namespace search_strategies {

// p(c) of the Parzen estimator over `m` observations whose weights sum to `choice_weights[c]` per
// choice: each observation is the prior's 1/(m+1) everywhere plus 1 at its choice, normalised; the
// prior is one more component of weight 1.
std::vector<double> categorical_density(std::vector<double> choice_weights, std::size_t m);

// The choice that "draw `candidates` from l, keep the first with the largest l/g" makes, from one
// uniform number. With the choices in ascending order of l/g and F the running sum of l, the best
// of the candidates has rank at most j with probability F_j^candidates. Choices of equal ratio
// share their probability in proportion to l.
class CategoricalChoice {
 public:
  CategoricalChoice(std::vector<double> l, std::vector<double> g, std::uint64_t candidates);

  std::size_t draw(double u) const;

  // The law of draw().
  std::vector<double> probabilities() const;

 private:
  double group_mass(std::size_t group) const;
  std::size_t member(std::size_t group, double target) const;

  std::vector<double> l_;
  double candidates_;
  std::vector<std::size_t> order_;   // choices by ascending l/g
  std::vector<std::size_t> groups_;  // where runs of equal ratio begin in order_, and its end
};

}  // namespace search_strategies
