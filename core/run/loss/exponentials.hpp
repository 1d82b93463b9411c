// Rows of logits at once: the largest of each row, and exp() of what each lies below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lathe::run {

// exp() of rows of logits, shifted by the largest, which keeps exp() in range. Plain arithmetic, in
// one order, without a contraction: the same bits on every processor, vectors or none; within 2
// ulp, exp(0) is 1, what is below e^-87 is 0. A NaN anywhere makes its row's total NaN.
class Exponentials {
 public:
  static constexpr std::size_t kRows = 16;  // at once

  explicit Exponentials(std::size_t classes);
  // Takes `rows` rows, at most kRows, from row-major `logits`.
  void take(const float* logits, std::size_t rows);

  // Of a row among those taken: the first of its largest logits, that logit, the sum over classes.
  std::size_t best(std::size_t row) const { return static_cast<std::size_t>(best_[row]); }
  float top(std::size_t row) const { return top_[row]; }
  double total(std::size_t row) const { return total_[row]; }
  float of(std::size_t row, std::size_t c) const { return values_[c * kRows + row]; }

 private:
  std::size_t classes_;
  std::vector<float> values_;  // [class][row]
  float top_[kRows] = {};
  double total_[kRows] = {};
  std::int32_t best_[kRows] = {};
};

}  // namespace lathe::run
