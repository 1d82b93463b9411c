#include "standard_scaler.hpp"

#include <algorithm>
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

std::optional<standard_scaler> trained_scaler(const lathe::field& trained,
                                              const std::vector<std::string>& names,
                                              std::size_t width) {
  const std::vector<std::string>& known = trained.feature_names;
  const bool by_name = !names.empty() && !known.empty();
  const bool is_row = trained.shape.size() == 1;
  if (!is_row || trained.mean.empty() || (!by_name && trained.mean.size() != width)) {
    return std::nullopt;
  }
  if (!by_name) return standard_scaler(trained.mean, trained.deviation);
  std::vector<double> mean(width, 0.0), deviation(width, 1.0);
  for (std::size_t i = 0; i < width; ++i) {
    const auto found = std::find(known.begin(), known.end(), names[i]);
    if (found == known.end()) continue;
    const auto place = static_cast<std::size_t>(found - known.begin());
    mean[i] = trained.mean[place];
    deviation[i] = trained.deviation[place];
  }
  return standard_scaler(std::move(mean), std::move(deviation));
}

}  // namespace datasets
