// Bayesian linear regression (ridge) of several outputs on the same sparse features, kept as sums
// and a triangular factor: a row costs the square of the number of features, whatever came before.
// How large coefficients are is a variance per group of features, relative to the noise, chosen by
// the evidence. Knows nothing of what the features mean.
#pragma once

#include "features.hpp"

#include <functional>

namespace search_strategies {

// Upper triangular R with R^T R = A, by rows.
class Triangle {
 public:
  // `a`: symmetric, by rows; its upper half is read.
  Triangle(std::vector<double> a, std::size_t size);

  double log_determinant() const;          // of A
  void solve_transposed(double* b) const;  // R^T x = b
  void solve(double* b) const;             // R x = b
  void add(std::vector<double> row);       // A += row row^T

 private:
  std::vector<double> r_;
  std::size_t size_;
};

class Ridge {
 public:
  // What a row tells: a value per output; or, where it ended without them, how bad that was.
  struct Told {
    const double* values = nullptr;  // none: the target is `badness` times what fit() is given
    double badness = 0;
  };

  Ridge(std::vector<Features::Group> groups, std::size_t outputs);

  void add(const std::vector<Feature>& row, Told told);
  std::uint64_t rows() const { return rows_; }

  // Of the values of an output.
  double mean(std::size_t output) const;
  double deviation(std::size_t output) const;

  // What rows without values count as: `targets[o]` above the mean, times their badness.
  void set_targets(std::vector<double> targets) { targets_ = std::move(targets); }

  // Chooses the variances anew, with which `outputs` are likeliest. Costs a few times the cube of
  // the number of features, and is due at numbers of rows that grow by a quarter.
  bool due() const { return rows_ >= due_; }
  void tune(const std::vector<std::size_t>& outputs);

  // Of the coefficients of each group, relative to the noise.
  const std::vector<double>& variances() const { return variances_; }

  // A draw from the posterior of an output's coefficients, less the mean of its values: the most
  // likely ones, and `scale` times a deviation made of normal numbers.
  Coefficients draw(std::size_t output, double scale, const std::function<double()>& normal) const;

 private:
  struct Sums {
    std::vector<double> by_feature;  // of feature times (value - origin)
    double origin = 0, sum = 0, squares = 0;
  };
  // What a fit of one output needs, about its mean.
  struct Target {
    std::vector<double> by_feature;
    double squares = 0;
  };
  using Variances = std::vector<double>;  // per group

  Target target(std::size_t output) const;
  Triangle factor(const Variances& variances) const;
  double evidence(const Variances& variances, const std::vector<Target>& targets) const;
  double noise(double squares, double explained) const;

  std::vector<Features::Group> groups_;
  std::vector<std::size_t> counts_;  // features per group
  std::vector<double> gram_;         // sums of products of features
  std::vector<Sums> outputs_;
  std::vector<double> bad_;     // of rows without values: sums of feature times badness
  std::vector<double> absent_;  // and of features
  double bad_squares_ = 0;
  std::uint64_t rows_ = 0, valued_ = 0, due_ = 0;
  std::vector<double> targets_;
  Variances variances_;
  Triangle triangle_;
};

}  // namespace search_strategies
