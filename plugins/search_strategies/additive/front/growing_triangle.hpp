// Upper triangular R with R^T R = A, by rows, of a matrix that grows by one row and column at a
// time. Knows nothing of what it is of.
#pragma once

#include <cstddef>
#include <vector>

namespace search_strategies {

class GrowingTriangle {
 public:
  explicit GrowingTriangle(std::size_t capacity) : r_(capacity * capacity), stride_(capacity) {}

  std::size_t size() const { return size_; }
  double diagonal(std::size_t i) const { return r_[i * stride_ + i]; }

  // `column`: what A gets, its diagonal last. REQUIRES: there is room.
  void append(std::vector<double> column);
  void solve(double* b) const;  // R x = b

  // The last number of x in R^T x = b, of which the ones before are known.
  double next(const double* known, double last) const;

 private:
  std::vector<double> r_;
  std::size_t stride_, size_ = 0;
};

}  // namespace search_strategies
