#include "crop_flip.hpp"

#include <algorithm>

namespace datasets {

void crop_flip::apply(const lathe::rng& rng, lathe::epoch_of_training when,
                      lathe::span<const std::uint64_t> index, float* samples) {
  // A stream per epoch, three numbers per row: no matter in which batch a row comes.
  const std::uint64_t stream = rng.stream(
      lathe::join({"crop_flip epoch ", lathe::to_string(static_cast<std::int64_t>(when.epoch))}));
  for (const std::uint64_t row : index) {
    const std::uint64_t place = 4 * row;
    const auto down =
        static_cast<std::ptrdiff_t>(rng.below(2 * kPad + 1, when.seed, stream, place));
    const auto right =
        static_cast<std::ptrdiff_t>(rng.below(2 * kPad + 1, when.seed, stream, place + 1));
    const bool flip = rng.uniform(when.seed, stream, place + 2) < 0.5;
    crop(samples, down - kPad, right - kPad, flip);
    samples += shape_.pixels();
  }
}

void crop_flip::crop(float* image, std::ptrdiff_t down, std::ptrdiff_t right, bool flip) {
  std::copy(image, image + shape_.pixels(), copy_.begin());
  const auto height = static_cast<std::ptrdiff_t>(shape_.height);
  const auto width = static_cast<std::ptrdiff_t>(shape_.width);
  for (std::size_t c = 0; c < shape_.channels; ++c) {
    const float* from = copy_.data() + c * shape_.height * shape_.width;
    for (std::ptrdiff_t y = 0; y < height; ++y) {
      float* const line = image;
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const bool inside =
            y + down >= 0 && y + down < height && x + right >= 0 && x + right < width;
        *image++ = inside ? from[(y + down) * width + x + right] : black_[c];
      }
      if (flip) std::reverse(line, image);
    }
  }
}

}  // namespace datasets
