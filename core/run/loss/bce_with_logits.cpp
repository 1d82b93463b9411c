// Binary cross entropy of logits and truth values (PyTorch's BCEWithLogitsLoss).
#include "core/run/loss/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace lathe::run {

namespace {

// log(1 + exp(-|x|)) does not overflow, and keeps its digits where exp(-|x|) is small.
double loss_of(double x, double target) {
  return std::max(x, 0.0) - x * target + std::log1p(std::exp(-std::abs(x)));
}

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return x >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

template <typename T>
double bce_of(const LossBatch& batch, const T* targets, Counts& counts) {
  const float* weights = batch.targets.weights;
  const auto elements = static_cast<std::size_t>(batch.elements);
  const double compared = batch.total_weight * static_cast<double>(elements);
  double sum = 0;
  for (std::size_t r = 0, i = 0; r < static_cast<std::size_t>(batch.rows); ++r) {
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[r]);
    const double slope = weight * batch.scale / compared;
    for (std::size_t k = 0; k < elements; ++k, ++i) {
      const auto x = static_cast<double>(batch.output[i]);
      const auto target = static_cast<double>(targets[i]);
      sum += weight * loss_of(x, target);
      ++counts.judged;
      counts.right += !std::isnan(x) && (x > 0) == (target > 0.5) ? 1 : 0;
      if (batch.gradient != nullptr) {
        batch.gradient[i] = static_cast<float>(slope * (sigmoid(x) - target));
      }
    }
  }
  return sum / compared;
}

}  // namespace

double bce_with_logits(const LossBatch& batch, Counts& counts) {
  double loss = 0;
  with_elements(batch.targets.dtype, batch.targets.data,
                [&](const auto* targets) { loss = bce_of(batch, targets, counts); });
  return loss;
}

}  // namespace lathe::run
