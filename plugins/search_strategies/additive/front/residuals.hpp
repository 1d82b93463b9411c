// What curves leave over, as a Gaussian process in the logarithm: what single choices and pairs of
// them add, the more the larger their shares are. Its mean is a sum over choices and pairs
// (Rasmussen and Williams, "Gaussian processes for machine learning", 2006, chapters 2 and 5).
// Knows nothing of objectives or trials.
#pragma once

#include "curves.hpp"
#include "growing_triangle.hpp"

namespace search_strategies {

// By how much a value is above what curves foretell, in the logarithm, times what they foretell: a
// sum over the choices and, if there are any, the pairs of them.
struct Corrections {
  std::vector<double> own;         // by column
  std::vector<double> deviations;  // of the logarithm of what a choice contributes
  std::vector<double> pairs;       // by two columns, symmetric; empty: none

  static Corrections none(std::size_t columns) {
    return {std::vector<double>(columns), std::vector<double>(columns), {}};
  }
};

class Residuals {
 public:
  // REQUIRES: choices outlive it.
  explicit Residuals(const Choices& choices) : choices_(choices) {}

  // Begins anew, with the kernel that is likeliest of the last rows; `more`: how many may be added
  // before the next fit.
  void fit(const Contributions& curves, const std::vector<Row>& rows, std::size_t more);
  // REQUIRES: fit() was called, and there is room.
  void add(const Row& row);

  Corrections corrections() const;

 private:
  // Variances of single choices, of pairs and of noise, relative to each other.
  struct Kernel {
    double own, pairs, noise;
  };
  static const Kernel kKernels[];

  struct Likeness {
    double own, pairs;
  };

  void begin(const Contributions& curves, Kernel kernel, std::size_t capacity);
  void likeness(const Row& row);
  double evidence() const;
  double variance() const;

  const Choices& choices_;
  Contributions curves_;
  Kernel kernel_{};
  std::vector<std::vector<std::uint32_t>> columns_;  // by parameter, then row
  std::vector<double> foretold_;                     // by row
  std::vector<double> whitened_;                     // R^-T times the residuals
  std::vector<double> information_;                  // by column
  std::vector<double> own_, pairs_;                  // likeness of a row to each
  GrowingTriangle triangle_{0};
};

}  // namespace search_strategies
