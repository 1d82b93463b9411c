#include "tests/support/same_law.hpp"

#include <cmath>
#include <cstddef>
#include <numeric>

namespace lathe_test {
namespace {

// The probability of so large a chi-square or a larger one.
double tail(double chi2, std::size_t freedom) {
  const double x = chi2 / 2;
  double a = freedom % 2 == 1 ? 0.5 : 1.0;
  double q = freedom % 2 == 1 ? std::erfc(std::sqrt(x)) : std::exp(-x);
  for (; a < static_cast<double>(freedom) / 2; a += 1)
    q += std::exp(a * std::log(x) - x - std::lgamma(a + 1));
  return q;
}

}  // namespace

double same_law(const std::vector<double>& ours, const std::vector<double>& theirs) {
  double chi2 = 0, pooled_ours = 0, pooled_theirs = 0;
  std::size_t cells = 0;
  const double n = std::accumulate(ours.begin(), ours.end(), 0.0);
  const double m = std::accumulate(theirs.begin(), theirs.end(), 0.0);
  const auto add = [&](double a, double b) {
    const double difference = a * std::sqrt(m / n) - b * std::sqrt(n / m);
    chi2 += difference * difference / (a + b);
    ++cells;
  };
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] + theirs[i] < 10) {
      pooled_ours += ours[i], pooled_theirs += theirs[i];
    } else {
      add(ours[i], theirs[i]);
    }
  }
  if (pooled_ours + pooled_theirs >= 10) add(pooled_ours, pooled_theirs);
  return cells > 1 ? tail(chi2, cells - 1) : 1.0;
}

}  // namespace lathe_test
