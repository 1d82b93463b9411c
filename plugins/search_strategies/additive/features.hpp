// A point of a space as the few numbers that a linear model multiplies: a 1 for each choice; of a
// number its place in the range, the square of that, and between which knots it lies; of pairs of
// numbers their product, and that of one and the square of the other. Knows nothing of trials.
#pragma once

#include "../space.hpp"

#include <cstddef>

namespace search_strategies {

struct Feature {
  std::uint32_t number;
  double value;
};

// Coefficients, one per feature.
using Coefficients = std::vector<double>;

class Features {
 public:
  // Coefficients of one group are taken to be of one size.
  enum Group : std::uint8_t {
    kConstant,
    kChoice,
    kCurve,
    kCoarse,
    kFine,
    kProduct,
    kBend,
    kGroups
  };

  explicit Features(const Space& space);

  std::size_t size() const { return groups_.size(); }
  const std::vector<Group>& groups() const { return groups_; }

  // Those that are not 0, the constant first.
  std::vector<Feature> row(const double* values) const;

  // What the other parameters' values make of a number's place: slope * place + bend * place^2.
  struct Tilt {
    double slope = 0, bend = 0;
  };
  Tilt tilt(const Coefficients& function, std::size_t p, const double* values) const;

  // What a value of parameter `p` adds to the function.
  double effect(const Coefficients& function, std::size_t p, double value, Tilt tilt) const;

  // A number's place in its range, -1 to 1, in the logarithm if it has one; and the value there.
  double place(std::size_t p, double value) const;
  double value_at(std::size_t p, double place) const;

  // Where the function of a number may be least, its other parameters as they are: each value of a
  // short grid; else the knots and the bottoms of the parabolas between them.
  void add_minima(const Coefficients& function, std::size_t p, Tilt tilt,
                  std::vector<double>& out) const;

 private:
  static constexpr std::size_t kCoarsePieces = 8, kFinePieces = 32;
  static constexpr std::uint64_t kLongestGrid = 16;  // that has a feature for each value
  static constexpr std::size_t kMost = 512;          // what only refines is left out beyond

  // Of this number and another; without bends those features are 0, the constant's.
  struct Product {
    std::size_t other;
    std::uint32_t plain, own_squared, other_squared;
  };

  struct Range {
    std::uint32_t first = 0;    // feature
    std::uint32_t choices = 0;  // features of single values
    bool numeric = false;
    std::size_t coarse = 0, fine = 0;  // pieces between knots
    double low = 0, high = 0;          // in the logarithm if it has one
    std::vector<Product> products;
  };

  std::uint32_t add(Group group, std::size_t count);
  void add_range(const Parameter& parameter);
  void add_products();
  void add_bends(const std::vector<std::size_t>& numbers);

  const Space& space_;
  std::vector<Group> groups_;
  std::vector<Range> ranges_;
  std::size_t fine_pieces_ = kFinePieces;
};

}  // namespace search_strategies
