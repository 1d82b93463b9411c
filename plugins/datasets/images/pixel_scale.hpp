// From bytes to numbers: value / 255, less a mean and divided by a deviation per channel, in
// float32 as torchvision's ToTensor and Normalize do. Knows nothing about files.
#pragma once

#include <lathe/lathe.hpp>

#include <array>
#include <vector>

namespace datasets {

class pixel_scale {
 public:
  // Option `normalize`: a name, or [[means], [deviations]] with a number per channel.
  pixel_scale(lathe::value_view value, std::size_t channels);

  // What a byte is reduced and divided by, channel by channel.
  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& deviation() const { return deviation_; }

  // The 256 numbers that the bytes of a channel become.
  const std::array<float, 256>& of_channel(std::size_t channel) const { return tables_[channel]; }

 private:
  void fill(double mean, double deviation);

  std::vector<double> mean_, deviation_;
  std::vector<std::array<float, 256>> tables_;
};

}  // namespace datasets
