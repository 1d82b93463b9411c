// Mean squared error (PyTorch's MSELoss).
#include "core/run/loss/elements.hpp"

#include <cmath>

namespace lathe::run {

namespace {

struct SquaredError {
  static double of(double found, double target) { return (found - target) * (found - target); }
  static double slope(double found, double target) { return 2.0 * (found - target); }

  // Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
  static void count(double found, double target, std::size_t /*element*/, Counts& counts) {
    ++counts.elements;
    counts.absolute_error += std::abs(found - target);
    counts.squared_error += of(found, target);
    const double from_old = target - counts.target_mean;
    counts.target_mean += from_old / static_cast<double>(counts.elements);
    counts.target_deviation += from_old * (target - counts.target_mean);
  }
};

}  // namespace

void mse(const LossBatch& batch, Counts& counts) { compare_elements<SquaredError>(batch, counts); }

}  // namespace lathe::run
