// Cross entropy of logits and classes (PyTorch's CrossEntropyLoss).
#include "core/run/loss/exponentials.hpp"
#include "core/run/loss/kernels.hpp"

#include <algorithm>
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
  const auto rows = static_cast<std::size_t>(batch.rows);
  double sum = counts.loss_sum, product = counts.log_product;
  Exponentials e(classes);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = row % Exponentials::kRows;
    const float* logits = batch.output + row * classes;
    if (at == 0) e.take(logits, std::min(rows - row, Exponentials::kRows));
    const auto label = static_cast<std::size_t>(labels[row]);
    const float total = e.total(at);
    const bool predicted = !std::isnan(total) || predicted_class({logits, classes}).has_value();
    if (predicted) {
      count(label, e.best(at), counts);
    } else {
      count_unpredicted(label, counts);
    }
    const double weight = batch.weight(static_cast<std::int64_t>(row));
    const auto from_top = static_cast<double>(logits[label] - e.top(at));
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
    float* g = batch.gradient + row * classes;
    const auto factor = static_cast<float>(weight * (batch.scale / batch.total_weight));
    const float inverse = factor / total;
    for (std::size_t c = 0; c < classes; ++c) g[c] = e.of(at, c) * inverse;
    g[label] -= factor;
  }
  counts.loss_sum = sum;
  counts.log_product = product;
}

}  // namespace lathe::run
