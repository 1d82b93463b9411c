// Random numbers of one suggestion, one after the other, from a counter-based source.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

namespace search_strategies {

class Draws {
 public:
  // Fills `out` with the uniform numbers of [0, 1) that are numbered first, first + 1, ...
  using Source = std::function<void(std::uint64_t first, double* out, std::size_t count)>;

  explicit Draws(Source source) : source_(std::move(source)) {}

  double uniform() {
    if (next_ == buffer_.size()) {
      source_(taken_, buffer_.data(), buffer_.size());
      taken_ += buffer_.size();
      next_ = 0;
    }
    return buffer_[next_++];
  }
  // Box and Muller, "A note on the generation of random normal deviates", 1958.
  double normal() {
    constexpr double kTurn = 6.283185307179586;
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = kTurn * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  Source source_;
  std::vector<double> buffer_ = std::vector<double>(64);
  std::size_t next_ = 64;
  std::uint64_t taken_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace search_strategies
