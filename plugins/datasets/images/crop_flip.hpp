// The usual augmentation of small images: a crop of the image padded by black, and a horizontal
// flip of every second one (Krizhevsky 2009; He et al. 2016, section 4.2). Knows no data set.
#pragma once

#include <lathe/lathe.hpp>

#include <vector>

#include "image_shape.hpp"

namespace datasets {

class crop_flip {
 public:
  // `black`: what a byte of 0 is per channel, after scaling.
  crop_flip(image_shape shape, std::vector<float> black)
      : shape_(shape), black_(std::move(black)), copy_(shape.pixels()) {}

  void apply(const lathe::rng& rng, lathe::epoch_of_training when,
             lathe::span<const std::uint64_t> index, float* samples);

 private:
  static constexpr std::ptrdiff_t kPad = 4;

  // The part of the image that begins at (down, right), black where there is none.
  void crop(float* image, std::ptrdiff_t down, std::ptrdiff_t right, bool flip);

  image_shape shape_;
  std::vector<float> black_;
  std::vector<float> copy_;
};

}  // namespace datasets
