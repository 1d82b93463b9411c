// Exhaustive enumeration: trial number -> point, each exactly once. Without conditional parameters
// this is a mixed-radix number whose last digit runs fastest; a conditional parameter is a digit of
// the branch it belongs to. No state, so any number of workers may ask in any order.
#pragma once

#include "../space.hpp"

#include <functional>
#include <string>

namespace search_strategies {

class BruteOrder {
 public:
  // Philox: (stream, counter) -> [0, 1). Only the shuffled order uses it.
  using Uniform = std::function<double(std::uint64_t stream, std::uint64_t counter)>;

  // REQUIRES: no continuous parameter.
  explicit BruteOrder(const Space& space);

  // Number of points; kMany if it does not fit.
  std::uint64_t size() const { return size_; }
  static constexpr std::uint64_t kMany = std::numeric_limits<std::uint64_t>::max();

  // False if there is no such point.
  bool point(std::uint64_t index, double* values) const;

  // The same for equal points and for no others, whatever rounding their numbers went through.
  std::string key(const double* values) const;

  // A seeded permutation of the numbers below size(): a Feistel network over the next power of
  // four, walked along its cycle until the result is in range (Black and Rogaway, "Ciphers with
  // arbitrary finite domains", 2002). Without state, as the plain order.
  std::uint64_t shuffled(std::uint64_t index, const Uniform& uniform) const;

 private:
  // What hangs on one value of a parameter.
  struct Branch {
    std::uint64_t position;  // the value's number
    std::vector<std::size_t> children;
    std::uint64_t points;
  };

  static std::uint64_t times(std::uint64_t a, std::uint64_t b) {
    if (a == 0 || b == 0) return 0;
    return a > kMany / b ? kMany : a * b;
  }
  static std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
    return a > kMany - b ? kMany : a + b;
  }
  std::uint64_t product(const std::vector<std::size_t>& parameters) const;
  // Puts a parameter under each value of its parent with which it exists.
  void hang(std::size_t p);
  // Number of a value of a parameter.
  std::uint64_t position(std::size_t p, double value) const;
  // Points of the subtree under a parameter, and under each of its branches.
  std::uint64_t count_of(std::size_t p);
  void decode(const std::vector<std::size_t>& parameters, std::uint64_t index,
              double* values) const;
  // Values in ascending order; one with a branch takes as many digits as the branch has points.
  void decode_parameter(std::size_t p, std::uint64_t digit, double* values) const;

  Space space_;
  std::vector<std::vector<Branch>> branches_;  // per parameter: what hangs on its values
  std::vector<std::size_t> roots_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t size_ = 0;
};

}  // namespace search_strategies
