// Scaling of features to mean 0 and deviation 1 as scikit-learn's StandardScaler does it:
// population deviation, constant features left alone, sums in double, results in float32.
#pragma once

#include <cstddef>
#include <vector>

namespace datasets {

class standard_scaler {
 public:
  // REQUIRES: at least one row.
  standard_scaler(const std::vector<float>& samples, std::size_t width);

  // Rounds to float32 after each step, as numpy does in place.
  void apply(std::vector<float>& samples) const;

 private:
  std::vector<double> mean_, scale_;
};

}  // namespace datasets
