// Cross entropy and accuracies from logits, by our own kernels: a handful of library calls would
// cost more than a small network. Plain C++; knows nothing about LibTorch or graphs.
#pragma once

#include "core/host/executor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace lathe::run {

// Logits of consecutive rows, row-major.
struct Logits {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
};

// Index of the largest value; of the first NaN if there is one, as PyTorch's argmax.
std::int64_t argmax(std::span<const float> row);

struct BatchMetrics {
  double loss = 0;  // mean over the rows
  std::int64_t correct = 0;
};

// REQUIRES: 0 <= label < classes for every row.
// With `gradient` (rows x classes) also d loss / d logits, times `scale`; with `predictions` (rows)
// also the class of each row.
BatchMetrics cross_entropy(const Logits& logits, const std::int64_t* labels,
                           float* gradient = nullptr, double scale = 1.0,
                           std::int64_t* predictions = nullptr);

// Counts what an Evaluation is made of over batches.
class Tally {
 public:
  explicit Tally(std::int64_t classes);
  // One batch. Throws run_error for a label that is no class; `first_row` is for the message.
  void add(const Logits& logits, const std::int64_t* labels, std::uint64_t first_row);
  const Counts& counts() const { return counts_; }

 private:
  Counts counts_;
  std::vector<std::int64_t> predictions_;  // of the last batch
};

// Throws run_error naming the first row whose label is no class.
void check_labels(std::span<const std::int64_t> labels, std::int64_t classes,
                  std::uint64_t first_row);

}  // namespace lathe::run
