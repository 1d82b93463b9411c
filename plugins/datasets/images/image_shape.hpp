// The extents of an image, channel by channel, line by line.
#pragma once

#include <cstddef>

namespace datasets {

struct image_shape {
  std::size_t channels, height, width;
  std::size_t pixels() const { return channels * height * width; }
};

}  // namespace datasets
