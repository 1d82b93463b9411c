// Sees every output of an evaluation, and says what of it no healthy network gives: numbers that
// are not finite, the same output for every row. Knows nothing about losses.
#pragma once

#include "core/run/health/not_finite.hpp"

#include <optional>

namespace lathe::run {

class OutputWatch {
 public:
  // `output`: float32 rows of a split, from row `first` on, in order.
  void see(const Tensor& output, std::int64_t first);

  // A sentence on what was seen; empty: nothing to say. May run a batch again to find where numbers
  // that are not finite come from. `rows`: those that were seen.
  std::string trouble(Backend& backend, const Graph& graph, const RowSource& rows,
                      const Dataset& data, Split split) const;

 private:
  std::string not_finite(Backend& backend, const Graph& graph, const RowSource& source,
                         const Dataset& data, Split split) const;

  std::int64_t rows_ = 0, bad_rows_ = 0, nan_rows_ = 0;
  std::optional<std::int64_t> first_bad_;
  std::vector<float> first_output_;  // of the first row
  bool varies_ = false;              // some row's differs from it
};

}  // namespace lathe::run
