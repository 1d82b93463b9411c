// The joint density of the parameters of a block: a kernel per trial, each the product of one
// kernel per parameter, and a prior that is spread over everything (a Parzen estimator, as Optuna's
// multivariate TPE has it). One parameter alone is a block too.
// A categorical kernel gives (m+2)/(m+1+C) to the choice of its trial and 1/(m+1+C) to the others,
// for m trials and C choices; so what a trial adds follows from how many choices it shares with a
// point, and those are counted a vector of trials at a time.
#pragma once

#include "axis.hpp"

namespace search_strategies {

// Points of a block: a row of values for each, in the order of the block's parameters.
struct Candidates {
  std::size_t width = 0;
  std::vector<double> values;
  std::size_t count() const { return values.size() / width; }
  const double* operator[](std::size_t i) const { return values.data() + i * width; }
};

// What trials had for one parameter of a block, trial by trial. Which of the trials are meant, the
// weights of a mixture say.
struct Observed {
  const Parameter* parameter;
  const Axis* axis;
  const std::uint8_t* codes;  // categorical of at most 255 choices; as count_matches() reads them
  const double* values;       // everything else
  const std::vector<std::uint32_t>* ascending;  // numeric: trials by value, the older ones first
};

class Mixture {
 public:
  // `weights`: one per trial; 0: it is no part of the mixture. The prior weighs 1.
  // What `block` points to has to live as long as this.
  Mixture(std::vector<Observed> block, std::vector<double> weights, Width rule);

  // The logarithm of the density at each point.
  std::vector<double> log_density(const Candidates& points) const;

  // Which trial's kernel a uniform number falls on; the number of trials: the prior.
  std::size_t pick(double uniform) const;
  // The value of parameter `d` of the block from that kernel.
  double draw(std::size_t kernel, std::size_t d, double uniform) const;

 private:
  struct Numeric {
    std::vector<Kernel> kernels;    // equal ones are one
    std::vector<double> weights;    // of each
    std::vector<std::uint32_t> of;  // per trial: its kernel
    Kernel prior;
  };
  Numeric numeric(const Observed& observed, Width rule) const;
  double log_prior(const double* point) const;
  // The logarithm of the sum over the trials, times exp(-log_others_).
  std::vector<double> by_matches(const Candidates& points) const;  // narrow categorical only
  double by_kernels(const double* point) const;                    // one numeric parameter
  double by_trials(const double* point) const;

  std::vector<Observed> block_;
  std::vector<double> weights_;
  std::size_t size_ = 0;           // trials with a weight
  double total_ = 1;               // of all weights, the prior's too
  std::vector<Numeric> numerics_;  // per parameter; categorical: empty
  double log_others_ = 0;          // of a trial that shares no choice with a point
  double log_match_ = 0;           // how much more for a choice that it shares
};

}  // namespace search_strategies
