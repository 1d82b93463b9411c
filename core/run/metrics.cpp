// Loss and accuracies. Knows nothing about LibTorch or graphs.
#include "core/run/metrics.hpp"

#include <fmt/format.h>

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

}  // namespace

BatchMetrics cross_entropy(const Logits& logits, const std::int64_t* labels, float* gradient,
                           double scale, std::int64_t* predictions) {
  BatchMetrics out;
  const auto classes = static_cast<std::size_t>(logits.classes);
  const auto factor = static_cast<float>(scale / static_cast<double>(logits.rows));
  SumOfLogs logs;
  double label_sum = 0;
  float few[64];
  std::vector<float> many(classes > std::size(few) ? classes : 0);
  float* e = many.empty() ? few : many.data();
  for (std::int64_t r = 0; r < logits.rows; ++r) {
    const float* row = logits.data + static_cast<std::size_t>(r) * classes;
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
    out.correct += best == label ? 1 : 0;
    if (predictions != nullptr) predictions[r] = static_cast<std::int64_t>(best);
    logs.add(static_cast<double>(total));
    label_sum += static_cast<double>(row[label] - top);
    if (gradient == nullptr) continue;
    float* g = gradient + static_cast<std::size_t>(r) * classes;
    const float inverse = factor / total;
    for (std::size_t c = 0; c < classes; ++c) g[c] = e[c] * inverse;
    g[label] -= factor;
  }
  out.loss = (logs.result() - label_sum) / static_cast<double>(logits.rows);
  return out;
}

void check_labels(std::span<const std::int64_t> labels, std::int64_t classes,
                  std::uint64_t first_row) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      throw run_error(LATHE_OUT_OF_RANGE,
                      fmt::format("row {} of the data has label {}, but the network has {} "
                                  "outputs (0 to {})",
                                  first_row + i, labels[i], classes, classes - 1));
    }
  }
}

Tally::Tally(std::int64_t classes) {
  for (auto* column : {&counts_.correct, &counts_.labelled, &counts_.predicted}) {
    column->resize(static_cast<std::size_t>(classes));
  }
}

void Tally::add(const Logits& logits, const std::int64_t* labels, std::uint64_t first_row) {
  const auto rows = static_cast<std::size_t>(logits.rows);
  check_labels({labels, rows}, logits.classes, first_row);
  predictions_.resize(rows);
  counts_.loss_sum += cross_entropy(logits, labels, nullptr, 1.0, predictions_.data()).loss;
  ++counts_.batches;
  counts_.rows += logits.rows;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto label = static_cast<std::size_t>(labels[r]);
    const auto guess = static_cast<std::size_t>(predictions_[r]);
    ++counts_.labelled[label];
    ++counts_.predicted[guess];
    counts_.correct[label] += guess == label ? 1 : 0;
  }
}

}  // namespace lathe::run
