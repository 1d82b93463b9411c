// Exhaustive enumeration: index -> point, each exactly once, and back. Without conditional
// parameters this is a mixed-radix number whose last digit runs fastest; a conditional parameter is
// a digit of the branch it belongs to. No state, so any number of workers may ask in any order.
#pragma once

#include "../space.hpp"
#include "natural.hpp"

#include <optional>

namespace search_strategies {

class BruteOrder {
 public:
  // REQUIRES: no continuous parameter.
  explicit BruteOrder(const Space& space);

  const Natural& size() const { return size_; }

  // REQUIRES: index < size().
  void point(Natural index, double* values) const;

  // The same for equal points, whatever rounding their numbers went through; none if a value is
  // not one of its parameter's.
  std::optional<Natural> index_of(const double* values) const;

 private:
  // What hangs on one value of a parameter.
  struct Branch {
    std::uint64_t position;  // the value's number
    std::vector<std::size_t> children;
    Natural points;
  };

  Natural product(const std::vector<std::size_t>& parameters) const;
  // Puts a parameter under each value of its parent with which it exists.
  void hang(std::size_t p);
  // Number of a value of a parameter; count() or more if it has none.
  std::uint64_t position(std::size_t p, double value) const;
  // Points of the subtree under a parameter, and under each of its branches.
  Natural count_of(std::size_t p);
  void decode(const std::vector<std::size_t>& parameters, Natural index, double* values) const;
  // Values in ascending order; one with a branch takes as many digits as the branch has points.
  void decode_parameter(std::size_t p, Natural digit, double* values) const;
  std::optional<Natural> encoded(const std::vector<std::size_t>& parameters,
                                 const double* values) const;
  std::optional<Natural> encoded_parameter(std::size_t p, const double* values) const;

  Space space_;
  std::vector<std::vector<Branch>> branches_;  // per parameter: what hangs on its values
  std::vector<std::size_t> roots_;
  std::vector<Natural> counts_;
  Natural size_;
};

}  // namespace search_strategies
