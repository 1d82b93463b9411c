#include "ridge.hpp"

namespace search_strategies {

namespace {

constexpr double kConstantVariance = 1e4;
constexpr double kLeast = 1e-4, kMost = 1e5;  // of the other groups' variances
constexpr double kFirst[Features::kGroups] = {kConstantVariance, 1, 30, 1, 0.01, 30, 1};
// Beyond so many features the variances stay what they are: a cube takes too long.
constexpr std::size_t kMostTuned = 600;

// So many rows of a triangle are taken off the ones below at a time.
constexpr std::size_t kPanel = 8;

// The prior of the noise: this share of the values' variance, worth one row.
constexpr double kLeastNoise = 1e-6;

void add_scaled(double* to, const double* from, double factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

// Subtracts from `to` the products of `count` finished rows with their own first numbers; `to` and
// `rows` begin in one column.
void subtract_products(double* __restrict to, const double* __restrict rows, std::size_t stride,
                       std::size_t count, std::size_t length) {
  if (count < kPanel) {
    for (std::size_t k = 0; k < count; ++k)
      add_scaled(to, rows + k * stride, -rows[k * stride], length);
    return;
  }
  double factors[kPanel];
  for (std::size_t k = 0; k < kPanel; ++k) factors[k] = rows[k * stride];
  for (std::size_t j = 0; j < length; ++j) {
    double x = to[j];
    for (std::size_t k = 0; k < kPanel; ++k) x -= factors[k] * rows[k * stride + j];
    to[j] = x;
  }
}

}  // namespace

Triangle::Triangle(std::vector<double> a, std::size_t size) : r_(std::move(a)), size_(size) {
  const auto at = [this](std::size_t i, std::size_t j) { return r_.data() + i * size_ + j; };
  for (std::size_t first = 0; first < size_; first += kPanel) {
    const std::size_t last = std::min(first + kPanel, size_);
    for (std::size_t k = first; k < last; ++k) {
      subtract_products(at(k, k), at(first, k), size_, k - first, size_ - k);
      const double diagonal = std::sqrt(std::max(*at(k, k), 1e-14));
      for (std::size_t j = k; j < size_; ++j) *at(k, j) /= diagonal;
      *at(k, k) = diagonal;
    }
    for (std::size_t i = last; i < size_; ++i)
      subtract_products(at(i, i), at(first, i), size_, last - first, size_ - i);
  }
}

double Triangle::log_determinant() const {
  double sum = 0;
  for (std::size_t k = 0; k < size_; ++k) sum += 2 * std::log(r_[k * size_ + k]);
  return sum;
}

void Triangle::solve_transposed(double* b) const {
  for (std::size_t k = 0; k < size_; ++k) {
    const double* row = r_.data() + k * size_;
    b[k] /= row[k];
    add_scaled(b + k + 1, row + k + 1, -b[k], size_ - k - 1);
  }
}

void Triangle::solve(double* b) const {
  for (std::size_t k = size_; k-- > 0;) {
    const double* row = r_.data() + k * size_;
    double sums[4] = {b[k], 0, 0, 0};  // the compiler may keep the order of one sum only
    std::size_t j = k + 1;
    for (; j + 4 <= size_; j += 4) {
      for (std::size_t s = 0; s < 4; ++s) sums[s] -= row[j + s] * b[j + s];
    }
    for (; j < size_; ++j) sums[0] -= row[j] * b[j];
    b[k] = (sums[0] + sums[1] + sums[2] + sums[3]) / row[k];
  }
}

// One Givens rotation a row of R.
void Triangle::add(std::vector<double> row) {
  for (std::size_t k = 0; k < size_; ++k) {
    if (row[k] == 0) continue;
    double* r = r_.data() + k * size_;
    const double length = std::hypot(r[k], row[k]);
    const double c = r[k] / length, s = row[k] / length;
    double* x = row.data();
    for (std::size_t j = k; j < size_; ++j) {
      const double old = r[j];
      r[j] = c * old + s * x[j];
      x[j] = c * x[j] - s * old;
    }
  }
}

Ridge::Ridge(std::vector<Features::Group> groups, std::size_t outputs)
    : groups_(std::move(groups)),
      counts_(Features::kGroups),
      gram_(groups_.size() * groups_.size()),
      outputs_(outputs),
      bad_(groups_.size()),
      absent_(groups_.size()),
      targets_(outputs),
      variances_(std::begin(kFirst), std::end(kFirst)),
      triangle_(factor(variances_)) {
  for (Features::Group group : groups_) ++counts_[group];
  for (Sums& sums : outputs_) sums.by_feature.resize(groups_.size());
}

void Ridge::add(const std::vector<Feature>& row, Told told) {
  const std::size_t size = groups_.size();
  std::vector<double> dense(size);
  for (const Feature& a : row) {
    dense[a.number] = a.value;
    for (const Feature& b : row) gram_[a.number * size + b.number] += a.value * b.value;
  }
  ++rows_;
  triangle_.add(std::move(dense));
  if (told.values == nullptr) {
    bad_squares_ += told.badness * told.badness;
    for (const Feature& a : row) {
      bad_[a.number] += told.badness * a.value;
      absent_[a.number] += a.value;
    }
    return;
  }
  ++valued_;
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    Sums& sums = outputs_[o];
    if (valued_ == 1) sums.origin = told.values[o];
    const double value = told.values[o] - sums.origin;
    sums.sum += value;
    sums.squares += value * value;
    for (const Feature& a : row) sums.by_feature[a.number] += value * a.value;
  }
}

double Ridge::mean(std::size_t output) const {
  if (valued_ == 0) return 0;
  return outputs_[output].origin + outputs_[output].sum / static_cast<double>(valued_);
}

double Ridge::deviation(std::size_t output) const {
  if (valued_ == 0) return 0;
  const Sums& sums = outputs_[output];
  const auto count = static_cast<double>(valued_);
  return std::sqrt(std::max(0.0, sums.squares / count - std::pow(sums.sum / count, 2)));
}

Ridge::Target Ridge::target(std::size_t output) const {
  const Sums& sums = outputs_[output];
  const auto count = static_cast<double>(valued_);
  const double mean = valued_ == 0 ? 0 : sums.sum / count;
  Target result{sums.by_feature, 0};
  // The mean leaves each row that has values; the constant's row of the sums of products is what
  // the features of all rows add up to.
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    result.by_feature[i] += targets_[output] * bad_[i] - mean * (gram_[i] - absent_[i]);
  }
  result.squares = std::max(0.0, sums.squares - mean * sums.sum) +
                   targets_[output] * targets_[output] * bad_squares_;
  return result;
}

Triangle Ridge::factor(const Variances& variances) const {
  std::vector<double> a = gram_;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    a[i * groups_.size() + i] += 1 / variances[groups_[i]];
  }
  return Triangle(std::move(a), groups_.size());
}

// The variance of the noise, a priori an inverse gamma distribution.
double Ridge::noise(double squares, double explained) const {
  const auto rows = static_cast<double>(std::max<std::uint64_t>(rows_, 1));
  return (kLeastNoise * squares / rows + std::max(0.0, squares - explained) / 2) / (0.5 + rows / 2);
}

// The logarithm of how likely the outputs are, but for what no variance changes.
double Ridge::evidence(const Variances& variances, const std::vector<Target>& targets) const {
  const Triangle triangle = factor(variances);
  double each = -triangle.log_determinant() / 2;
  for (std::size_t g = 0; g < Features::kGroups; ++g) {
    each -= static_cast<double>(counts_[g]) * std::log(variances[g]) / 2;
  }
  double sum = 0;
  for (const Target& target : targets) {
    std::vector<double> solved = target.by_feature;
    triangle.solve_transposed(solved.data());
    double explained = 0;
    for (double x : solved) explained += x * x;
    const double variance = noise(target.squares, explained);
    if (!(variance > 0)) continue;  // an output that never changes
    sum += each - (0.5 + static_cast<double>(rows_) / 2) * std::log(variance);
  }
  return sum;
}

void Ridge::tune(const std::vector<std::size_t>& outputs) {
  due_ = rows_ + rows_ / 4 + 2;
  if (groups_.size() <= kMostTuned) {
    std::vector<Target> targets;
    for (std::size_t o : outputs) targets.push_back(target(o));
    double best = evidence(variances_, targets);
    const auto walk = [&](std::size_t group, double factor) {
      Variances next = variances_;
      next[group] *= factor;
      if (next[group] < kLeast || next[group] > kMost) return false;
      const double found = evidence(next, targets);
      if (!(found > best + 1e-9)) return false;
      best = found;
      variances_ = std::move(next);
      return true;
    };
    for (std::size_t group = Features::kConstant + 1; group < Features::kGroups; ++group) {
      if (counts_[group] == 0) continue;
      if (walk(group, 4)) {
        while (walk(group, 4)) {
        }
      } else {
        while (walk(group, 0.25)) {
        }
      }
    }
  }
  triangle_ = factor(variances_);  // without the rounding of all updates, too
}

Coefficients Ridge::draw(std::size_t output, double scale,
                         const std::function<double()>& normal) const {
  const Target target = this->target(output);
  Coefficients solved = target.by_feature;
  triangle_.solve_transposed(solved.data());
  double explained = 0;
  for (double x : solved) explained += x * x;
  const double deviation = scale * std::sqrt(noise(target.squares, explained));
  for (double& x : solved) x += deviation * normal();
  triangle_.solve(solved.data());
  return solved;
}

}  // namespace search_strategies
