// How much each of the bad trials weighs: all the same up to 25; of more, the newest 25 weigh 1 and
// the older ones less and less, down to 1/m. In closed form, so that sums over many need no list.
#pragma once

#include <cstddef>

namespace search_strategies {

class Ramp {
 public:
  explicit Ramp(std::size_t size)
      : size_(size),
        first_(size > kFlat ? 1.0 / static_cast<double>(size) : 1.0),
        slope_(size > kFlat + 1 ? (1.0 - first_) / static_cast<double>(size - kFlat - 1) : 0.0) {}

  // Of number `j`, 0 the oldest. REQUIRES: j < size.
  double weight(std::size_t j) const { return j + kFlat >= size_ ? 1.0 : sloped(j); }
  // What the slope alone would give it.
  double sloped(std::size_t j) const { return first_ + slope_ * static_cast<double>(j); }
  // Sum of what the slope gives to `count` of them whose places sum to `places`.
  double sloped(double count, double places) const { return first_ * count + slope_ * places; }
  // How many, the newest, are above the slope.
  std::size_t flat() const { return size_ > kFlat ? kFlat : 0; }

 private:
  static constexpr std::size_t kFlat = 25;

  std::size_t size_;
  double first_, slope_;
};

}  // namespace search_strategies
