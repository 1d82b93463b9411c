#include "residuals.hpp"

namespace search_strategies {

namespace {

constexpr std::size_t kRowsOfEvidence = 96;
constexpr double kLeastVariance = 1e-12;  // of the residuals of a quantity that curves foretell

}  // namespace

// Sums of single choices with and without pairs, measured exactly or not.
const Residuals::Kernel Residuals::kKernels[] = {
    {100, 0, 1}, {1, 0, 1}, {30, 1, 0.01}, {8, 1, 0.01}, {8, 1, 1}};

void Residuals::begin(const Contributions& curves, Kernel kernel, std::size_t capacity) {
  curves_ = curves;
  kernel_ = kernel;
  columns_.assign(choices_.parameters(), {});
  foretold_.clear();
  whitened_.clear();
  information_.assign(choices_.columns(), 0.0);
  triangle_ = GrowingTriangle(capacity);
}

void Residuals::fit(const Contributions& curves, const std::vector<Row>& rows, std::size_t more) {
  const std::size_t skipped = rows.size() - std::min(rows.size(), kRowsOfEvidence);
  const Kernel* best = nullptr;
  double most = 0;
  for (const Kernel& kernel : kKernels) {
    begin(curves, kernel, rows.size() - skipped);
    for (std::size_t i = skipped; i < rows.size(); ++i) add(rows[i]);
    const double found = evidence();
    if (best == nullptr || found > most) best = &kernel, most = found;
  }
  begin(curves, *best, rows.size() + more);
  for (const Row& row : rows) add(row);
}

// How a row is like each one before, and itself.
void Residuals::likeness(const Row& row) {
  const std::size_t count = foretold_.size();
  own_.assign(count, 0.0), pairs_.assign(count, 0.0);
  for (std::size_t p = 0; p < row.columns.size(); ++p) {
    const std::uint32_t* other = columns_[p].data();
    const std::uint32_t column = row.columns[p];
    const double contribution = curves_.of[column];
    for (std::size_t i = 0; i < count; ++i) {
      const double common = other[i] == column ? contribution : 0;
      pairs_[i] += common;
      own_[i] += common * contribution;
    }
  }
}

void Residuals::add(const Row& row) {
  const double foretold = curves_.sum(row.columns);
  for (std::size_t p = 0; p < row.columns.size(); ++p) columns_[p].push_back(row.columns[p]);
  foretold_.push_back(foretold);
  likeness(row);
  const std::size_t last = foretold_.size() - 1;
  std::vector<double> column(last + 1);
  for (std::size_t i = 0; i <= last; ++i) {
    const double scale = 1 / (foretold * foretold_[i]);
    column[i] = scale * (kernel_.own * own_[i] + kernel_.pairs * pairs_[i] * pairs_[i]);
  }
  column[last] += kernel_.noise;
  triangle_.append(std::move(column));
  whitened_.push_back(triangle_.next(whitened_.data(), std::log(row.value / foretold)));
  for (const std::uint32_t c : row.columns)
    information_[c] += std::pow(curves_.of[c] / foretold, 2);
}

double Residuals::variance() const {
  double squares = 0;
  for (const double x : whitened_) squares += x * x;
  return std::max(squares / static_cast<double>(whitened_.size()), kLeastVariance);
}

// The logarithm of how likely the residuals are, but for what no kernel changes.
double Residuals::evidence() const {
  double sum = -static_cast<double>(whitened_.size()) / 2 * std::log(variance());
  for (std::size_t i = 0; i < triangle_.size(); ++i) sum -= std::log(triangle_.diagonal(i));
  return sum;
}

Corrections Residuals::corrections() const {
  const std::size_t size = choices_.columns();
  std::vector<double> weights = whitened_;
  triangle_.solve(weights.data());
  Corrections result{std::vector<double>(size), std::vector<double>(size), {}};
  if (kernel_.pairs > 0) result.pairs.resize(size * size);
  Columns row(columns_.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double weight = weights[i] / foretold_[i];
    for (std::size_t p = 0; p < row.size(); ++p) row[p] = columns_[p][i];
    for (const std::uint32_t a : row) result.own[a] += weight;
    if (kernel_.pairs == 0) continue;
    for (std::size_t p = 0; p < row.size(); ++p) {
      double* pairs = result.pairs.data() + row[p] * size;
      for (std::size_t q = p + 1; q < row.size(); ++q) pairs[row[q]] += weight;
    }
  }
  const std::vector<double>& of = curves_.of;
  for (std::size_t a = 0; a < size; ++a) {
    result.own[a] *= (kernel_.own + kernel_.pairs) * of[a] * of[a];
    result.deviations[a] =
        std::sqrt(variance() * kernel_.own /
                  (1 + kernel_.own * information_[a] / (kernel_.pairs + kernel_.noise)));
    if (kernel_.pairs == 0) continue;
    for (std::size_t b = a + 1; b < size; ++b) {
      const double pair = 2 * kernel_.pairs * of[a] * of[b] * result.pairs[a * size + b];
      result.pairs[a * size + b] = result.pairs[b * size + a] = pair;
    }
  }
  return result;
}

}  // namespace search_strategies
