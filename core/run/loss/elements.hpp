// Losses that compare the output with the target number by number: one loop for all of them.
#pragma once

#include "core/run/loss/kernels.hpp"

namespace lathe::run {

// `Pair` says what two numbers give: of() their loss, slope() its derivative by the output, and
// count() counts them, the k-th of their row, for the statistics.
template <typename Pair>
void compare_elements(const LossBatch& batch, Counts& counts) {
  const auto elements = static_cast<std::size_t>(batch.elements);
  const auto compared = static_cast<double>(elements);
  with_elements(batch.targets.dtype, batch.targets.data, [&](const auto* targets) {
    std::size_t i = 0;
    for (std::int64_t r = 0; r < batch.rows; ++r) {
      const double weight = batch.weight(r);
      const double factor =
          batch.gradient == nullptr ? 0.0 : weight * batch.scale / (batch.total_weight * compared);
      double sum = 0;
      for (std::size_t k = 0; k < elements; ++k, ++i) {
        const auto found = static_cast<double>(batch.output[i]);
        const auto target = static_cast<double>(targets[i]);
        sum += Pair::of(found, target);
        Pair::count(found, target, k, counts);
        if (batch.gradient == nullptr) continue;
        batch.gradient[i] = static_cast<float>(factor * Pair::slope(found, target));
      }
      counts.loss_sum += weight * (sum / compared);
      counts.weight += weight;
    }
  });
}

}  // namespace lathe::run
