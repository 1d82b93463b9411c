#include "quantity.hpp"

namespace search_strategies {

namespace {

constexpr double kExact = 1e-6;        // a smaller relative error leaves nothing over
constexpr double kMostCorrection = 2;  // of a logarithm

}  // namespace

double Drawn::Parts::correction() const {
  if (!(fitted > 0)) return 0;
  return std::clamp(corrections / fitted, -kMostCorrection, kMostCorrection);
}

double Drawn::Parts::value() const {
  return corrections == 0 ? drawn : drawn * std::exp(correction());
}

double Drawn::Parts::logarithm() const { return std::log(drawn) + correction(); }

Drawn::Parts& Drawn::Parts::operator+=(const Parts& other) {
  drawn += other.drawn, fitted += other.fitted, corrections += other.corrections;
  return *this;
}

Drawn::Parts Drawn::parts(const Columns& columns) const {
  Parts result{drawn.sum(columns), fitted.sum(columns), 0};
  for (std::size_t p = 0; p < columns.size(); ++p) {
    result.corrections += corrections.own[columns[p]];
    if (corrections.pairs.empty()) continue;
    const double* pairs = corrections.pairs.data() + columns[p] * corrections.own.size();
    for (std::size_t q = 0; q < p; ++q) result.corrections += pairs[columns[q]];
  }
  return result;
}

Drawn::Parts Drawn::change(const Columns& columns, std::size_t p, std::uint32_t to) const {
  const std::uint32_t from = columns[p];
  Parts result{drawn.of[to] - drawn.of[from], fitted.of[to] - fitted.of[from],
               corrections.own[to] - corrections.own[from]};
  if (corrections.pairs.empty()) return result;
  const double* gained = corrections.pairs.data() + to * corrections.own.size();
  const double* lost = corrections.pairs.data() + from * corrections.own.size();
  for (const std::uint32_t other : columns) result.corrections += gained[other] - lost[other];
  // Not with itself: choices of one parameter are no pair, and have 0.
  return result;
}

double Drawn::joint_correction(const Columns& columns, std::size_t p, std::uint32_t to,
                               std::size_t q, std::uint32_t other) const {
  if (corrections.pairs.empty()) return 0;
  const double* gained = corrections.pairs.data() + to * corrections.own.size();
  const double* lost = corrections.pairs.data() + columns[p] * corrections.own.size();
  return gained[other] - gained[columns[q]] - lost[other] + lost[columns[q]];
}

double Drawn::alone(std::uint32_t column) const {
  return std::max(drawn.of[column] + corrections.own[column], 0.0);
}

Quantity::Quantity(const Choices& choices) : curves_(choices), residuals_(choices) {}

void Quantity::add(Row row) {
  rows_.push_back(std::move(row));
  if (rows_.size() > kMostRows) {
    rows_.erase(rows_.begin(), rows_.end() - static_cast<std::ptrdiff_t>(kRowsLeft));
    due_ = 0;
    return;
  }
  if (due_ == 0 || due() || exact_) return;
  residuals_.add(rows_.back());
  if (++pending_ < kBatch) return;
  corrections_ = residuals_.corrections();
  pending_ = 0;
}

void Quantity::fit() {
  const std::size_t more = rows_.size() / 4 + 2;
  due_ = rows_.size() + more;
  pending_ = 0;
  curves_.fit(rows_);
  exact_ = curves_.error() < kExact;
  if (exact_) {
    corrections_ = Corrections::none(curves_.fitted().of.size());
    return;
  }
  residuals_.fit(curves_.fitted(), rows_, more);
  corrections_ = residuals_.corrections();
}

Drawn Quantity::draw(double scale, Draws& draws) const {
  Drawn result{curves_.draw(scale, draws), curves_.fitted(), corrections_};
  for (std::size_t column = 0; column < result.drawn.of.size(); ++column) {
    result.drawn.of[column] *= std::exp(scale * corrections_.deviations[column] * draws.normal());
  }
  return result;
}

}  // namespace search_strategies
