// Cross entropy of logits and classes (PyTorch's CrossEntropyLoss).
#include "core/run/loss/kernels.hpp"

#include <cmath>

namespace lathe::run {

std::int64_t argmax(std::span<const float> row) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < row.size() && !std::isnan(row[best]); ++i) {
    if (row[i] > row[best] || std::isnan(row[i])) best = i;
  }
  return static_cast<std::int64_t>(best);
}

namespace {

// Sum of logarithms of numbers that are 1 or more, as few logarithms as may be: of their products.
class SumOfLogs {
 public:
  void add(double x) {
    product_ *= x;
    // Not <=, so that NaN and infinity come through.
    if (!(product_ < 1e200)) flush();
  }
  double result() {
    flush();
    return sum_;
  }

 private:
  void flush() {
    sum_ += std::log(product_);
    product_ = 1;
  }
  double sum_ = 0, product_ = 1;
};

void count(std::size_t label, std::size_t guess, Counts& counts) {
  counts.right += guess == label ? 1 : 0;
  ++counts.judged;
  if (counts.correct.empty()) return;
  ++counts.labelled[label];
  ++counts.predicted[guess];
  counts.correct[label] += guess == label ? 1 : 0;
}

}  // namespace

double cross_entropy(const LossBatch& batch, Counts& counts) {
  const auto classes = static_cast<std::size_t>(batch.elements);
  const auto* labels = reinterpret_cast<const std::int64_t*>(batch.targets.data);
  const float* weights = batch.targets.weights;
  const double per_weight = batch.scale / batch.total_weight;
  auto factor = static_cast<float>(per_weight);
  SumOfLogs logs;
  double label_sum = 0, weighed = 0;
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
      e[c] = std::exp(row[c] - top);
      total += e[c];
    }
    if (std::isnan(total)) best = static_cast<std::size_t>(argmax({row, classes}));
    count(label, best, counts);
    if (weights == nullptr) {
      logs.add(static_cast<double>(total));
      label_sum += static_cast<double>(row[label] - top);
    } else {
      const auto weight = static_cast<double>(weights[r]);
      weighed +=
          weight * (std::log(static_cast<double>(total)) - static_cast<double>(row[label] - top));
      factor = static_cast<float>(weight * per_weight);
    }
    if (batch.gradient == nullptr) continue;
    float* g = batch.gradient + static_cast<std::size_t>(r) * classes;
    const float inverse = factor / total;
    for (std::size_t c = 0; c < classes; ++c) g[c] = e[c] * inverse;
    g[label] -= factor;
  }
  return (weights == nullptr ? logs.result() - label_sum : weighed) / batch.total_weight;
}

}  // namespace lathe::run
