#include "prices.hpp"

#include <array>

namespace search_strategies {

namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = 0;
};

// Of one quantity, what another one of two choices gives for a unit of the other quantity.
Range prices_of(const Choices& choices, const std::array<std::vector<double>, 2>& alone) {
  Range result;
  for (std::size_t p = 0; p < choices.parameters(); ++p) {
    for (std::uint32_t a = choices.first(p); a < choices.end(p); ++a) {
      for (std::uint32_t b = choices.first(p); b < a; ++b) {
        const double price = -(alone[0][a] - alone[0][b]) / (alone[1][a] - alone[1][b]);
        if (!(price > 0) || !std::isfinite(price)) continue;
        result.low = std::min(result.low, price);
        result.high = std::max(result.high, price);
      }
    }
  }
  return result;
}

}  // namespace

std::vector<Columns> at_prices(const Choices& choices, const std::array<Drawn, 2>& quantities,
                               std::size_t count, double shift) {
  std::array<std::vector<double>, 2> alone;
  for (std::size_t o = 0; o < 2; ++o) {
    for (std::uint32_t column = 0; column < choices.columns(); ++column)
      alone[o].push_back(quantities[o].alone(column));
  }
  Range range = prices_of(choices, alone);
  if (!(range.low <= range.high)) range = {1, 1};  // nothing is exchanged for anything
  std::vector<Columns> points;
  const double steps = static_cast<double>(count);
  for (std::size_t i = 0; i <= count + 1; ++i) {
    const double at = (static_cast<double>(i) - 1 + shift) / steps;
    const double price = range.low * std::pow(range.high / range.low, at);
    Columns point(choices.parameters());
    for (std::size_t p = 0; p < point.size(); ++p) {
      double least = std::numeric_limits<double>::infinity();
      for (std::uint32_t column = choices.first(p); column < choices.end(p); ++column) {
        const double cost = alone[0][column] + price * alone[1][column];
        if (cost < least) least = cost, point[p] = column;
      }
    }
    if (points.empty() || point != points.back()) points.push_back(std::move(point));
  }
  return points;
}

}  // namespace search_strategies
