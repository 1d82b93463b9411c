// Cross entropy of logits and classes (PyTorch's CrossEntropyLoss).
#include "core/host/scoring/ignored_target.hpp"
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
  const auto places = static_cast<std::size_t>(batch.targets.elements);  // of a row
  const auto classes = static_cast<std::size_t>(batch.elements) / places;
  const auto* labels = reinterpret_cast<const std::int64_t*>(batch.targets.data);
  const bool weighed = batch.targets.weights != nullptr;
  const std::size_t all = static_cast<std::size_t>(batch.rows) * places;
  double sum = counts.loss_sum, product = counts.log_product;
  Exponentials e(classes);
  for (std::size_t i = 0; i < all; ++i) {
    const std::size_t at = i % Exponentials::kRows;
    const float* logits = batch.output + i * classes;
    float* gradient = batch.gradient == nullptr ? nullptr : batch.gradient + i * classes;
    if (at == 0) e.take(logits, std::min(all - i, Exponentials::kRows));
    if (labels[i] == kIgnoredTarget) {
      if (gradient != nullptr) std::fill_n(gradient, classes, 0.0F);
      continue;
    }
    const auto label = static_cast<std::size_t>(labels[i]);
    const double total = e.total(at);
    const bool predicted = !std::isnan(total) || predicted_class({logits, classes}).has_value();
    if (predicted) {
      count(label, e.best(at), counts);
    } else {
      count_unpredicted(label, counts);
    }
    const double weight = weighed ? batch.weight(static_cast<std::int64_t>(i / places)) : 1.0;
    const auto from_top = static_cast<double>(logits[label] - e.top(at));
    counts.weight += weight;
    if (weighed) {
      sum += weight * (std::log(total) - from_top);
    } else {
      product *= total;
      sum -= from_top;
      // Not >=, so that NaN and infinity come through.
      if (!(product < 1e200)) sum += std::log(std::exchange(product, 1.0));
    }
    if (gradient == nullptr) continue;
    const auto factor = static_cast<float>(weight * (batch.scale / batch.total_weight));
    const float inverse = factor / static_cast<float>(total);
    for (std::size_t c = 0; c < classes; ++c) gradient[c] = e.of(at, c) * inverse;
    gradient[label] -= factor;
  }
  counts.loss_sum = sum;
  counts.log_product = product;
}

}  // namespace lathe::run
