// The Sobol sequence, point by point without state. Knows no space and no randomness of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace search_strategies {

class Sobol {
 public:
  static constexpr std::size_t kMostDimensions = 1111;
  static constexpr unsigned kBits = 52;  // of a coordinate

  // REQUIRES: dimensions <= kMostDimensions.
  explicit Sobol(std::size_t dimensions);

  // A coordinate's bits, the highest first: point `index` in the order of the Gray code, which
  // begins with the origin. REQUIRES: index < 2^kBits.
  std::uint64_t bits(std::uint64_t index, std::size_t dimension) const;
  // Such bits as a number of [0, 1).
  static double number(std::uint64_t bits) {
    return static_cast<double>(bits) / static_cast<double>(std::uint64_t{1} << kBits);
  }

  // Multiplies each dimension's generator matrix by a lower triangular one that is drawn: every bit
  // is flipped by bits drawn from those above it (J. Matousek, "On the L2-discrepancy for anchored
  // boxes", 1998). `drawn(dimension, counter)` is uniform on [0, 1).
  using Uniform = std::function<double(std::size_t dimension, std::uint64_t counter)>;
  void scramble(const Uniform& drawn);

 private:
  std::vector<std::vector<std::uint64_t>> directions_;  // per dimension: kBits of them
};

}  // namespace search_strategies
