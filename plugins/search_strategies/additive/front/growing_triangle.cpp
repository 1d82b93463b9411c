#include "growing_triangle.hpp"

#include <algorithm>
#include <cmath>

namespace search_strategies {

namespace {

constexpr double kLeastPivot = 1e-12;

// Four sums: the compiler may keep the order of one only.
double product(const double* a, const double* b, std::size_t count) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t s = 0; s < 4; ++s) sums[s] += a[i + s] * b[i + s];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace

void GrowingTriangle::append(std::vector<double> column) {
  double pivot = column[size_];
  for (std::size_t i = 0; i < size_; ++i) {
    const double* row = r_.data() + i * stride_;
    const double x = column[i] / row[i];
    for (std::size_t j = i + 1; j < size_; ++j) column[j] -= row[j] * x;
    r_[i * stride_ + size_] = x;
    pivot -= x * x;
  }
  r_[size_ * stride_ + size_] = std::sqrt(std::max(pivot, kLeastPivot));
  ++size_;
}

void GrowingTriangle::solve(double* b) const {
  for (std::size_t i = size_; i-- > 0;) {
    const double* row = r_.data() + i * stride_;
    b[i] = (b[i] - product(row + i + 1, b + i + 1, size_ - i - 1)) / row[i];
  }
}

double GrowingTriangle::next(const double* known, double last) const {
  for (std::size_t i = 0; i + 1 < size_; ++i) last -= r_[i * stride_ + size_ - 1] * known[i];
  return last / diagonal(size_ - 1);
}

}  // namespace search_strategies
