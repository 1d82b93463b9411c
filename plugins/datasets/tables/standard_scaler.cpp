#include "standard_scaler.hpp"

#include <cmath>
#include <limits>

namespace datasets {

standard_scaler::standard_scaler(const std::vector<float>& samples, std::size_t width)
    : mean_(width, 0.0), scale_(width, 1.0) {
  const std::size_t rows = samples.size() / width;
  const auto count = static_cast<double>(rows);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    mean_[i % width] += static_cast<double>(samples[i]);
  }
  for (double& mean : mean_) mean /= count;
  std::vector<double> variance(width, 0.0);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double difference = static_cast<double>(samples[i]) - mean_[i % width];
    variance[i % width] += difference * difference;
  }
  for (std::size_t j = 0; j < width; ++j) {
    variance[j] /= count;
    // Below this bound a variance is rounding noise of a constant (sklearn,
    // _is_constant_feature).
    constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
    const double noise = count * mean_[j] * kEpsilon;
    const bool constant = variance[j] <= count * kEpsilon * variance[j] + noise * noise;
    scale_[j] = constant ? 1.0 : std::sqrt(variance[j]);
  }
}

void standard_scaler::apply(std::vector<float>& samples) const {
  const std::size_t width = mean_.size();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto centred = static_cast<float>(static_cast<double>(samples[i]) - mean_[i % width]);
    samples[i] = static_cast<float>(static_cast<double>(centred) / scale_[i % width]);
  }
}

}  // namespace datasets
