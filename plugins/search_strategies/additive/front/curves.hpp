// A positive quantity as a constant and the sum of what each choice contributes, where the
// contributions of a family's parameters are one curve over the list, each times a size of its own:
// c + sum over p of s_p g(choice of p). Fitted by relative errors, so that every decade counts
// alike. Knows nothing of objectives or trials.
#pragma once

#include "../draws.hpp"
#include "../ridge.hpp"
#include "choices.hpp"

#include <optional>

namespace search_strategies {

struct Row {
  Columns columns;
  double value;  // positive
};

// What a choice contributes, by column, and the constant.
struct Contributions {
  std::vector<double> of;
  double constant = 0;

  double sum(const Columns& columns) const {
    double result = constant;
    for (const std::uint32_t column : columns) result += of[column];
    return result;
  }
};

class Curves {
 public:
  // REQUIRES: it outlives this.
  explicit Curves(const Choices& choices) : choices_(choices) {}

  // REQUIRES: rows is not empty.
  void fit(const std::vector<Row>& rows);
  const Contributions& fitted() const { return fitted_; }
  // Relative, of a row, as the last fit leaves it.
  double error() const { return left_; }

  // From the posterior about the fit (Laplace's approximation), `scale` times as wide.
  // REQUIRES: fit() was called.
  Contributions draw(double scale, Draws& draws) const;

 private:
  void begin(const std::vector<Row>& rows);
  void multiply(const std::vector<Row>& rows);
  void step(const std::vector<Row>& rows);
  void normalise();
  Contributions contributions(const std::vector<double>& logarithms) const;

  // Where each kind of unknown is among `logarithms_`: the constant is first.
  std::size_t size_at(std::size_t p) const { return 1 + p; }
  std::size_t level_at(std::size_t level) const { return 1 + choices_.parameters() + level; }

  const Choices& choices_;
  std::vector<double> logarithms_;  // of the constant, the sizes, the curves
  Contributions fitted_;
  std::optional<Triangle> precision_;  // of the logarithms, in units of the error
  double error_ = 1;                   // relative, of a row, not too little
  double left_ = 1;                    // the same as it is
};

}  // namespace search_strategies
