// Mean squared error (PyTorch's MSELoss).
#include "core/run/loss/kernels.hpp"

#include <cmath>

namespace lathe::run {

namespace {

// Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
void count(double found, double target, Counts& counts) {
  ++counts.elements;
  counts.absolute_error += std::abs(found - target);
  counts.squared_error += (found - target) * (found - target);
  const double from_old = target - counts.target_mean;
  counts.target_mean += from_old / static_cast<double>(counts.elements);
  counts.target_deviation += from_old * (target - counts.target_mean);
}

template <typename T>
double mse_of(const LossBatch& batch, const T* targets, Counts& counts) {
  const float* weights = batch.targets.weights;
  const auto elements = static_cast<std::size_t>(batch.elements);
  const double compared = batch.total_weight * static_cast<double>(elements);
  double sum = 0;
  for (std::size_t r = 0, i = 0; r < static_cast<std::size_t>(batch.rows); ++r) {
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[r]);
    const double slope = 2.0 * weight * batch.scale / compared;
    for (std::size_t k = 0; k < elements; ++k, ++i) {
      const auto found = static_cast<double>(batch.output[i]);
      const auto target = static_cast<double>(targets[i]);
      const double error = found - target;
      sum += weight * error * error;
      count(found, target, counts);
      if (batch.gradient != nullptr) batch.gradient[i] = static_cast<float>(slope * error);
    }
  }
  return sum / compared;
}

}  // namespace

double mse(const LossBatch& batch, Counts& counts) {
  double loss = 0;
  with_elements(batch.targets.dtype, batch.targets.data,
                [&](const auto* targets) { loss = mse_of(batch, targets, counts); });
  return loss;
}

}  // namespace lathe::run
