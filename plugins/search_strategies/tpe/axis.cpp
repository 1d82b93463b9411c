#include "axis.hpp"

#include "normal.hpp"

namespace search_strategies {

Axis::Axis(const Parameter& parameter, bool optuna31)
    : parameter_(&parameter),
      masses_(parameter.step > 0 && !(optuna31 && parameter.logarithmic)),
      widths_ignored_(optuna31),
      low_(parameter.low),
      high_(parameter.high) {
  if (parameter.categorical()) return;
  if (parameter.step > 0) {
    low_ -= parameter.step / 2;
    high_ = parameter.value(parameter.count() - 1) + parameter.step / 2;
  }
  low_ = place(low_), high_ = place(high_);
}

std::vector<double> Axis::widths(const std::vector<double>& ascending, Width rule,
                                 std::size_t dimensions) const {
  const std::size_t n = ascending.size();
  const double range = high_ - low_;
  const double least = range / std::min(100.0, 2.0 + static_cast<double>(n));
  if (rule == Width::kScott) {
    const double scott = 0.2 * std::pow(std::max(1.0, static_cast<double>(n)),
                                        -1.0 / (static_cast<double>(dimensions) + 4.0));
    return std::vector<double>(n, std::clamp(scott * range, least, range));
  }
  std::vector<double> mus = ascending;
  std::size_t prior = n + 1;  // its number among them
  if (rule == Width::kGapsAndCentre) {
    const auto at = std::upper_bound(mus.begin(), mus.end(), centre());
    prior = static_cast<std::size_t>(at - mus.begin());
    mus.insert(at, centre());
  }
  std::vector<double> sigmas;
  sigmas.reserve(n);
  for (std::size_t i = 0; i < mus.size(); ++i) {
    if (i == prior) continue;
    const bool first = i == 0, last = i + 1 == mus.size();
    const double left = mus[i] - (first ? low_ : mus[i - 1]);
    const double right = (last ? high_ : mus[i + 1]) - mus[i];
    double sigma = std::max(left, right);
    if (first && !last) sigma = right;
    if (last && !first) sigma = left;
    sigmas.push_back(std::clamp(sigma, least, range));
  }
  return sigmas;
}

Kernel Axis::kernel(double place, double sigma) const {
  constexpr double kLogRootTwoPi = 0.91893853320467274178;
  double log_scale = -std::log(normal_mass((low_ - place) / sigma, (high_ - place) / sigma));
  if (!masses_) log_scale -= kLogRootTwoPi + (widths_ignored_ ? 0.0 : std::log(sigma));
  return {place, sigma, log_scale, std::exp(log_scale)};
}

Axis::Cell Axis::cell(double value) const {
  if (!masses_) return {place(value), 0};
  return {std::max(low_, place(value - parameter_->step / 2)),
          std::min(high_, place(value + parameter_->step / 2))};
}

double Axis::log_density(const Kernel& kernel, const Cell& cell) const {
  const double a = (cell.from - kernel.mu) / kernel.sigma;
  if (!masses_) return kernel.log_scale - 0.5 * a * a;
  return kernel.log_scale + std::log(normal_mass(a, (cell.to - kernel.mu) / kernel.sigma));
}

double Axis::density(const Kernel& kernel, const Cell& cell) const {
  const double a = (cell.from - kernel.mu) / kernel.sigma;
  constexpr double kFar = 40;  // beyond that nothing is left
  if (masses_) {
    const double b = (cell.to - kernel.mu) / kernel.sigma;
    return a > kFar || b < -kFar ? 0.0 : normal_mass(a, b) * kernel.scale;
  }
  return std::abs(a) > kFar ? 0.0 : std::exp(-0.5 * a * a) * kernel.scale;
}

double Axis::draw(const Kernel& kernel, double uniform) const {
  const double root = std::sqrt(0.5);
  const double a = 0.5 * std::erfc(-(low_ - kernel.mu) / kernel.sigma * root);
  const double b = 0.5 * std::erfc(-(high_ - kernel.mu) / kernel.sigma * root);
  const double x =
      std::clamp(kernel.mu + kernel.sigma * normal_quantile(a + uniform * (b - a)), low_, high_);
  return parameter_->rounded(parameter_->logarithmic ? std::exp(x) : x);
}

}  // namespace search_strategies
