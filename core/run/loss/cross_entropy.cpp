// Cross entropy of logits and classes (PyTorch's CrossEntropyLoss).
#include "core/run/loss/kernels.hpp"

#include <cmath>
#include <utility>

namespace lathe::run {

std::optional<std::int64_t> predicted_class(std::span<const float> logits) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) return std::nullopt;
    if (logits[i] > logits[best]) best = i;
  }
  return static_cast<std::int64_t>(best);
}

namespace {

void count(std::size_t label, std::size_t guess, Counts& counts) {
  counts.right += guess == label ? 1 : 0;
  ++counts.judged;
  if (counts.correct.empty()) return;
  ++counts.labelled[label];
  ++counts.predicted[guess];
  counts.correct[label] += guess == label ? 1 : 0;
  if (!counts.confusion.empty()) ++counts.confusion[label * counts.correct.size() + guess];
}

// A row without a prediction is a wrong one.
void count_unpredicted(std::size_t label, Counts& counts) {
  ++counts.judged;
  if (!counts.labelled.empty()) ++counts.labelled[label];
}

}  // namespace

void cross_entropy(const LossBatch& batch, Counts& counts) {
  const auto classes = static_cast<std::size_t>(batch.elements);
  const auto* labels = reinterpret_cast<const std::int64_t*>(batch.targets.data);
  const bool weighed = batch.targets.weights != nullptr;
  double sum = counts.loss_sum, product = counts.log_product;
  float few[64];
  std::vector<float> many(classes > std::size(few) ? classes : 0);
  float* e = many.empty() ? few : many.data();
  for (std::int64_t r = 0; r < batch.rows; ++r) {
    const float* row = batch.output + static_cast<std::size_t>(r) * classes;
    const auto label = static_cast<std::size_t>(labels[r]);
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c) best = row[c] > row[best] ? c : best;
    // Shifting by the maximum keeps exp() in range; a NaN anywhere makes the loss NaN.
    const float top = row[best];
    float total = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      e[c] = c == best ? 1.0F + (row[c] - top) : std::exp(row[c] - top);
      total += e[c];
    }
    const bool predicted = !std::isnan(total) || predicted_class({row, classes}).has_value();
    if (predicted) {
      count(label, best, counts);
    } else {
      count_unpredicted(label, counts);
    }
    const double weight = batch.weight(r), from_top = static_cast<double>(row[label] - top);
    counts.weight += weight;
    if (weighed) {
      sum += weight * (std::log(static_cast<double>(total)) - from_top);
    } else {
      product *= static_cast<double>(total);
      sum -= from_top;
      // Not >=, so that NaN and infinity come through.
      if (!(product < 1e200)) sum += std::log(std::exchange(product, 1.0));
    }
    if (batch.gradient == nullptr) continue;
    float* g = batch.gradient + static_cast<std::size_t>(r) * classes;
    const auto factor = static_cast<float>(weight * (batch.scale / batch.total_weight));
    const float inverse = factor / total;
    for (std::size_t c = 0; c < classes; ++c) g[c] = e[c] * inverse;
    g[label] -= factor;
  }
  counts.loss_sum = sum;
  counts.log_product = product;
}

}  // namespace lathe::run
