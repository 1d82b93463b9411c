// Scaling of features to mean 0 and deviation 1 as scikit-learn's StandardScaler does it:
// population deviation, constant features left alone, sums in double, results in float32.
#pragma once

#include <lathe/lathe.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace datasets {

class standard_scaler {
 public:
  // REQUIRES: at least one row.
  standard_scaler(const std::vector<float>& samples, std::size_t width);

  // (x - mean) / deviation, number by number. REQUIRES: as many of each.
  standard_scaler(std::vector<double> mean, std::vector<double> deviation)
      : mean_(std::move(mean)), scale_(std::move(deviation)) {}

  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& deviation() const { return scale_; }

  // Rounds to float32 after each step, as numpy does in place.
  void apply(std::vector<float>& samples) const;

 private:
  std::vector<double> mean_, scale_;
};

// The scaling of the rows that weights were trained on, for rows of `width` numbers of these names
// (empty: none): by name where both have names, and numbers of other names stay as they are; else
// by place. None if the weights were trained on numbers as they are, or on another count of them.
std::optional<standard_scaler> trained_scaler(const lathe::field& trained,
                                              const std::vector<std::string>& names,
                                              std::size_t width);

}  // namespace datasets
