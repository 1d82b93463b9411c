// One numeric parameter as kernels see it: normal distributions truncated to its domain, in the
// logarithm if the parameter is logarithmic. A grid has a mass per value, from half a step below to
// half a step above it; everything else has a density.
#pragma once

#include "../space.hpp"

namespace search_strategies {

struct Kernel {
  double mu, sigma;
  double log_scale;  // what makes its density, or its masses, sum to 1
  double scale;      // the same, not in the logarithm
};

// How wide kernels are. kGaps: the larger gap to a neighbour, the ends of the domain being
// neighbours too, but that the outermost of several kernels have their inner gap. kGapsAndCentre:
// the same with the prior's centre as one more neighbour. kScott: 0.2 n^(-1/(D+4)) of the domain
// for n kernels in D dimensions, after Scott.
enum class Width { kGaps, kGapsAndCentre, kScott };

class Axis {
 public:
  // `optuna31`: as Optuna 3.1 has it, logarithmic integers have a density, and every density lacks
  // the factor 1/sigma, so that wide kernels count for more than their weight.
  Axis(const Parameter& parameter, bool optuna31);

  // Where in the domain a value is, from 0 to 1.
  double fraction(double value) const { return (place(value) - low_) / (high_ - low_); }

  double place(double value) const { return parameter_->logarithmic ? std::log(value) : value; }

  // Widths of kernels at ascending places, clipped ("magic clip").
  std::vector<double> widths(const std::vector<double>& ascending, Width rule,
                             std::size_t dimensions) const;
  Kernel kernel(double place, double sigma) const;
  Kernel prior() const { return kernel(centre(), high_ - low_); }

  // What is asked of a kernel: the density at `from`, or the mass from `from` to `to`.
  struct Cell {
    double from, to;
  };
  Cell cell(double value) const;
  double log_density(const Kernel& kernel, const Cell& cell) const;
  double density(const Kernel& kernel, const Cell& cell) const;

  // A value from a kernel and a uniform number.
  double draw(const Kernel& kernel, double uniform) const;

 private:
  double centre() const { return 0.5 * (low_ + high_); }

  const Parameter* parameter_;
  bool masses_, widths_ignored_;
  double low_, high_;
};

}  // namespace search_strategies
