// The two densities of TPE for one parameter and the draw from them: categorical in closed form,
// numeric as mixtures of truncated normals (Bergstra et al., "Algorithms for hyper-parameter
// optimization", 2011, in the form Optuna 3.1 gives it). Knows nothing of trials and splits.
#pragma once

#include "../space.hpp"

namespace search_strategies {

// Weight of observation `j` (0 the oldest) of `m`: 1, but beyond 25 the older ones ramp up from
// 1/m.
double ramp_weight(std::size_t j, std::size_t m);

// p(c) of the Parzen estimator over `m` observations whose weights sum to `choice_weights[c]` per
// choice: each observation is the prior's 1/(m+1) everywhere plus 1 at its choice, normalised; the
// prior is one more component of weight 1.
std::vector<double> categorical_density(const std::vector<double>& choice_weights, std::size_t m);

// The choice that "draw `candidates` from l, keep the first with the largest l/g" makes, from one
// uniform number. With the choices in ascending order of l/g and F the running sum of l, the best
// of the candidates has rank at most j with probability F_j^candidates. Choices of equal ratio
// share their probability in proportion to l.
class CategoricalChoice {
 public:
  CategoricalChoice(const std::vector<double>& l, const std::vector<double>& g,
                    std::uint64_t candidates);

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

// Standard normal mass of [a, b], in the tail that loses no digits.
double normal_mass(double a, double b);

// Inverse of the normal distribution function, to 1e-16 (Wichura, "Algorithm AS 241", 1988).
double normal_quantile(double p);

// A mixture of truncated normals over one numeric parameter: one kernel per observation, and the
// prior. Log parameters live in the logarithm; a linear grid has a mass per value, half a step to
// either side; everything else has a density.
class NumericMixture {
 public:
  // `observations` oldest first, with a weight each (unnormalised; the prior's is 1).
  // `widths_ignored`: as in Optuna 3.1, where the density of a kernel lacks the factor 1/sigma, so
  // that wide kernels count for more than their weight.
  NumericMixture(const Parameter& parameter, const std::vector<double>& observations,
                 std::vector<double> weights, bool widths_ignored);

  // Density at a value of the parameter; on a linear grid its probability.
  double density(double value) const;

  // A value from two uniform numbers: which kernel, and where in it.
  double draw(double which, double where) const;

 private:
  // Width of a kernel: the larger gap to its neighbours, the prior's centre being one of them and
  // the ends of the domain too, except that the outermost kernels use their inner gap; then clipped
  // ("magic clip"). Equal observations keep their order.
  void set_sigmas();

  Parameter parameter_;
  bool widths_ignored_;
  double low_ = 0, high_ = 0, step_ = 0;  // of the domain, as the kernels see it
  std::vector<double> mus_, sigmas_, weights_;
  std::vector<double> scale_;  // weight over the mass inside the domain
};

}  // namespace search_strategies
