#include "curves.hpp"

namespace search_strategies {

namespace {

constexpr int kMultiplications = 20, kSteps = 8;
// Variances a priori, of logarithms: sizes differ by factors of e, curves fall by decades.
constexpr double kSizeVariance = 1, kLevelVariance = 4;
constexpr double kLeastError = 1e-3, kMostError = 1;
constexpr double kLongestStep = 1;  // of a logarithm
// Share of the least row that is taken for the constant before anything is known.
constexpr double kConstantShare = 0.1;

}  // namespace

// From below: no choice contributes more than the least row that has it, and what has not shown yet
// that it is small has to be tried.
void Curves::begin(const std::vector<Row>& rows) {
  const auto count = static_cast<double>(choices_.parameters());
  double least = rows.front().value;
  std::vector<double> bounds(choices_.levels(), std::numeric_limits<double>::infinity());
  for (const Row& row : rows) {
    least = std::min(least, row.value);
    for (const std::uint32_t column : row.columns) {
      double& bound = bounds[choices_.level_of(column)];
      bound = std::min(bound, row.value);
    }
  }
  logarithms_.assign(level_at(choices_.levels()), 0.0);
  logarithms_[0] = std::log(kConstantShare * least);
  for (std::size_t level = 0; level < bounds.size(); ++level) {
    const double bound = std::isfinite(bounds[level]) ? bounds[level] : least;
    logarithms_[level_at(level)] = std::log(bound / count);
  }
}

Contributions Curves::contributions(const std::vector<double>& logarithms) const {
  Contributions result{std::vector<double>(choices_.columns()), std::exp(logarithms[0])};
  for (std::size_t column = 0; column < result.of.size(); ++column) {
    result.of[column] = std::exp(logarithms[size_at(choices_.parameter_of(column))] +
                                 logarithms[level_at(choices_.level_of(column))]);
  }
  return result;
}

// Each unknown times how far the rows it is in are above what is foretold, by its shares in them:
// rough, but it crosses decades (Lee and Seung, "Algorithms for non-negative matrix factorization",
// 2000).
void Curves::multiply(const std::vector<Row>& rows) {
  for (const bool levels : {true, false}) {
    const Contributions now = contributions(logarithms_);
    std::vector<double> wanted(logarithms_.size()), foretold(logarithms_.size());
    for (const Row& row : rows) {
      const double ratio = now.sum(row.columns) / row.value;
      const auto share = [&](std::size_t unknown, double contribution) {
        wanted[unknown] += contribution / row.value;
        foretold[unknown] += contribution / row.value * ratio;
      };
      if (levels) share(0, now.constant);
      for (const std::uint32_t column : row.columns) {
        share(levels ? level_at(choices_.level_of(column)) : size_at(choices_.parameter_of(column)),
              now.of[column]);
      }
    }
    for (std::size_t u = 0; u < wanted.size(); ++u) {
      if (foretold[u] > 0) logarithms_[u] += std::log(wanted[u] / foretold[u]);
    }
    normalise();
  }
}

// The sizes of a family are 1 in the geometric mean.
void Curves::normalise() {
  std::vector<double> sums(choices_.families()), counts(choices_.families());
  for (std::size_t p = 0; p < choices_.parameters(); ++p) {
    sums[choices_.family_of(p)] += logarithms_[size_at(p)];
    counts[choices_.family_of(p)] += 1;
  }
  std::vector<char> moved(choices_.levels());
  for (std::size_t p = 0; p < choices_.parameters(); ++p) {
    const double mean = sums[choices_.family_of(p)] / counts[choices_.family_of(p)];
    logarithms_[size_at(p)] -= mean;
    for (std::uint32_t column = choices_.first(p); column < choices_.end(p); ++column) {
      const std::size_t level = choices_.level_of(column);
      if (!std::exchange(moved[level], 1)) logarithms_[level_at(level)] += mean;
    }
  }
}

// One step of Gauss and Newton on the squares of relative errors.
void Curves::step(const std::vector<Row>& rows) {
  const std::size_t size = logarithms_.size();
  const Contributions now = contributions(logarithms_);
  std::vector<double> a(size * size), b(size), slopes(size);
  std::vector<std::size_t> touched;
  double squares = 0;
  for (const Row& row : rows) {
    touched.assign(1, 0);
    slopes[0] = now.constant / row.value;
    double error = 1 - slopes[0];
    for (const std::uint32_t column : row.columns) {
      const double share = now.of[column] / row.value;
      error -= share;
      for (const std::size_t u :
           {size_at(choices_.parameter_of(column)), level_at(choices_.level_of(column))}) {
        if (slopes[u] == 0) touched.push_back(u);
        slopes[u] += share;
      }
    }
    squares += error * error;
    for (const std::size_t u : touched) {
      b[u] += slopes[u] * error;
      for (const std::size_t other : touched) a[u * size + other] += slopes[u] * slopes[other];
    }
    for (const std::size_t u : touched) slopes[u] = 0;
  }
  left_ = std::sqrt(squares / static_cast<double>(rows.size()));
  error_ = std::clamp(left_, kLeastError, kMostError);
  for (std::size_t u = 0; u < size; ++u) {
    const bool is_size = u >= size_at(0) && u < level_at(0);
    const double precision = error_ * error_ / (is_size ? kSizeVariance : kLevelVariance);
    a[u * size + u] += precision;
    if (is_size) b[u] -= precision * logarithms_[u];
  }
  precision_.emplace(std::move(a), size);
  precision_->solve_transposed(b.data());
  precision_->solve(b.data());
  for (std::size_t u = 0; u < size; ++u)
    logarithms_[u] += std::clamp(b[u], -kLongestStep, kLongestStep);
}

void Curves::fit(const std::vector<Row>& rows) {
  begin(rows);
  for (int i = 0; i < kMultiplications; ++i) multiply(rows);
  for (int i = 0; i < kSteps; ++i) step(rows);
  normalise();
  fitted_ = contributions(logarithms_);
}

Contributions Curves::draw(double scale, Draws& draws) const {
  std::vector<double> drawn(logarithms_.size());
  for (double& x : drawn) x = scale * error_ * draws.normal();
  precision_->solve(drawn.data());
  for (std::size_t u = 0; u < drawn.size(); ++u)
    drawn[u] = logarithms_[u] + std::clamp(drawn[u], -kLongestStep, kLongestStep);
  return contributions(drawn);
}

}  // namespace search_strategies
