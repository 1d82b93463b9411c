// The losses' own kernels: a handful of library calls would cost more than a small network. Plain
// C++; knows nothing about LibTorch, graphs or data sets.
#pragma once

#include "core/host/statistics.hpp"

#include <optional>

namespace lathe::run {

// Targets of consecutive rows, row-major.
struct Targets {
  const std::byte* data = nullptr;
  DType dtype = DType::int64;
  std::int64_t elements = 1;       // of a row
  const float* weights = nullptr;  // one a row; null: every row counts the same
  // Which rows of the split they are, for messages: those of `index`, or from `first` on.
  std::uint64_t first = 0;
  std::span<const std::uint64_t> index{};

  std::uint64_t row(std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return index.empty() ? first + at : index[at];
  }
};

// One batch of a network's output and what it is compared with.
struct LossBatch {
  const float* output = nullptr;  // rows x elements, row-major
  std::int64_t rows = 0;
  std::int64_t elements = 0;  // of a row
  Targets targets;
  float* gradient = nullptr;  // not null: takes d loss / d output, times `scale`
  double scale = 1.0;
  double total_weight = 0;  // of the rows or of their targets that count, each 1 without weights;
                            // for the gradient

  double weight(std::int64_t row) const {
    return targets.weights == nullptr ? 1.0 : static_cast<double>(targets.weights[row]);
  }
};

// Each adds up the losses of rows, of a row the mean over its elements, and counts what its
// statistics are made of; by class only if the counts have room for the classes. Sums go on row by
// row from what the counts have, so that they are the same bits however rows are batched. The loss
// of the batch, whose gradient is asked for, is the mean over its rows.

// targets: int64, one a row or several: then the output has as many groups of logits, a group for
// each, and the mean is over the targets that count. REQUIRES: 0 <= label < classes, or of several
// kIgnoredTarget, which does not count.
void cross_entropy(const LossBatch& batch, Counts& counts);
// targets: floats, as many as the output.
void mse(const LossBatch& batch, Counts& counts);
// targets: numbers or truth values, as many as the output. REQUIRES: from 0 to 1.
void bce_with_logits(const LossBatch& batch, Counts& counts);

// The class that logits predict: index of the largest, the first of equals; none if one is NaN,
// which compares with nothing. (PyTorch's argmax gives the index of the NaN.)
std::optional<std::int64_t> predicted_class(std::span<const float> logits);

// Calls f(const T*) with elements of that type; false for a type whose elements are no numbers here
// (half floats).
template <typename Function>
bool with_elements(DType dtype, const std::byte* data, const Function& f) {
  switch (dtype) {
    case DType::float32:
      f(reinterpret_cast<const float*>(data));
      return true;
    case DType::float64:
      f(reinterpret_cast<const double*>(data));
      return true;
    case DType::int8:
      f(reinterpret_cast<const std::int8_t*>(data));
      return true;
    case DType::int16:
      f(reinterpret_cast<const std::int16_t*>(data));
      return true;
    case DType::int32:
      f(reinterpret_cast<const std::int32_t*>(data));
      return true;
    case DType::int64:
      f(reinterpret_cast<const std::int64_t*>(data));
      return true;
    case DType::uint8:
    case DType::boolean:
      f(reinterpret_cast<const std::uint8_t*>(data));
      return true;
    default:
      return false;
  }
}

}  // namespace lathe::run
