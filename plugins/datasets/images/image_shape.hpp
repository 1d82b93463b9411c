// The extents of an image, channel by channel, line by line.
#ifndef LATHE_DATASETS_IMAGE_SHAPE_HPP
#define LATHE_DATASETS_IMAGE_SHAPE_HPP

#include <cstddef>

namespace datasets {

struct image_shape {
  std::size_t channels, height, width;
  std::size_t pixels() const { return channels * height * width; }
};

}  // namespace datasets

#endif
