#include "kernels.hpp"

#include <numeric>

namespace search_strategies {

double ramp_weight(std::size_t j, std::size_t m) {
  if (m <= 25 || j + 25 >= m) return 1.0;
  const double first = 1.0 / static_cast<double>(m);
  if (m == 26) return first;
  return first + static_cast<double>(j) * (1.0 - first) / static_cast<double>(m - 26);
}

std::vector<double> categorical_density(const std::vector<double>& choice_weights, std::size_t m) {
  const auto choices = static_cast<double>(choice_weights.size());
  const double total = std::accumulate(choice_weights.begin(), choice_weights.end(), 0.0);
  const double smoothing = 1.0 / static_cast<double>(m + 1);
  std::vector<double> density;
  density.reserve(choice_weights.size());
  for (double weight : choice_weights)
    density.push_back(((smoothing * total + weight) / (1.0 + choices * smoothing) + 1.0 / choices) /
                      (total + 1.0));
  return density;
}

CategoricalChoice::CategoricalChoice(const std::vector<double>& l, const std::vector<double>& g,
                                     std::uint64_t candidates)
    : l_(l), candidates_(static_cast<double>(candidates)), order_(l.size()) {
  std::vector<double> ratio(l.size());
  for (std::size_t c = 0; c < l.size(); ++c) ratio[c] = l[c] / g[c];
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return ratio[a] < ratio[b]; });
  // Mathematically equal ratios differ in their last bits.
  for (std::size_t i = 0; i < order_.size(); ++i)
    if (i == 0 || ratio[order_[i]] > ratio[order_[i - 1]] * (1 + 1e-12)) groups_.push_back(i);
  groups_.push_back(order_.size());
}

std::size_t CategoricalChoice::draw(double u) const {
  double below = 0;
  for (std::size_t group = 0; group + 1 < groups_.size(); ++group) {
    const double mass = group_mass(group);
    const bool last = group + 2 == groups_.size();
    const double low = std::pow(below, candidates_);
    const double high = last ? 1.0 : std::pow(below + mass, candidates_);
    if (u < high || last) return member(group, mass * (u - low) / (high - low));
    below += mass;
  }
  return order_.back();
}

std::vector<double> CategoricalChoice::probabilities() const {
  std::vector<double> result(l_.size(), 0.0);
  double below = 0;
  for (std::size_t group = 0; group + 1 < groups_.size(); ++group) {
    const double mass = group_mass(group);
    const double share =
        (std::pow(below + mass, candidates_) - std::pow(below, candidates_)) / mass;
    for (std::size_t i = groups_[group]; i < groups_[group + 1]; ++i)
      result[order_[i]] = l_[order_[i]] * share;
    below += mass;
  }
  return result;
}

double CategoricalChoice::group_mass(std::size_t group) const {
  double mass = 0;
  for (std::size_t i = groups_[group]; i < groups_[group + 1]; ++i) mass += l_[order_[i]];
  return mass;
}

std::size_t CategoricalChoice::member(std::size_t group, double target) const {
  std::size_t i = groups_[group];
  for (; i + 1 < groups_[group + 1]; ++i) {
    target -= l_[order_[i]];
    if (target < 0) break;
  }
  return order_[i];
}

double normal_mass(double a, double b) {
  const double root = std::sqrt(0.5);
  if (a > 0) return 0.5 * (std::erfc(a * root) - std::erfc(b * root));
  if (b < 0) return 0.5 * (std::erfc(-b * root) - std::erfc(-a * root));
  return 1.0 - 0.5 * std::erfc(-a * root) - 0.5 * std::erfc(b * root);
}

double normal_quantile(double p) {
  const auto ratio = [](const double(&a)[8], const double(&b)[7], double x) {
    double numerator = a[7], denominator = b[6];
    for (int i = 6; i >= 0; --i) numerator = numerator * x + a[i];
    for (int i = 5; i >= 0; --i) denominator = denominator * x + b[i];
    return numerator / (denominator * x + 1.0);
  };
  static constexpr double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                  1.9715909503065514427e3, 1.3731693765509461125e4,
                                  4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double b[7] = {4.2313330701600911252e1, 6.8718700749205790830e2,
                                  5.3941960214247511077e3, 2.1213794301586595867e4,
                                  3.9307895800092710610e4, 2.8729085735721942674e4,
                                  5.2264952788528545610e3};
  static constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double d[7] = {2.05319162663775882187e0,  1.67638483018380384940e0,
                                  6.89767334985100004550e-1, 1.48103976427480074590e-1,
                                  1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                  1.78482653991729133580e0,  2.96560571828504891230e-1,
                                  2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double f[7] = {5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                  1.48753612908506148525e-2, 7.86869131145613259100e-4,
                                  1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return q * ratio(a, b, 0.180625 - q * q);
  double r = q < 0 ? p : 1.0 - p;
  if (r <= 0) return q < 0 ? -40.0 : 40.0;  // beyond what a double's tail can hold
  r = std::sqrt(-std::log(r));
  const double x = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5.0);
  return q < 0 ? -x : x;
}

NumericMixture::NumericMixture(const Parameter& parameter, const std::vector<double>& observations,
                               std::vector<double> weights, bool widths_ignored)
    : parameter_(parameter), widths_ignored_(widths_ignored) {
  low_ = parameter.low, high_ = parameter.high;
  if (parameter.logarithmic) {
    const double half = parameter.step > 0 ? parameter.step / 2 : 0;
    low_ = std::log(low_ - half), high_ = std::log(high_ + half);
  } else if (parameter.step > 0) {
    step_ = parameter.step;
    high_ = parameter.value(parameter.count() - 1) + step_ / 2;
    low_ -= step_ / 2;
  }
  for (double x : observations) mus_.push_back(parameter.logarithmic ? std::log(x) : x);
  mus_.push_back(0.5 * (low_ + high_));
  weights.push_back(1.0);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= total;
  weights_ = std::move(weights);
  set_sigmas();
  for (std::size_t i = 0; i < mus_.size(); ++i)
    scale_.push_back(weights_[i] /
                     normal_mass((low_ - mus_[i]) / sigmas_[i], (high_ - mus_[i]) / sigmas_[i]));
}

double NumericMixture::density(double value) const {
  const double x = parameter_.logarithmic ? std::log(value) : value;
  double sum = 0;
  for (std::size_t i = 0; i < mus_.size(); ++i) {
    // Beyond 39 sigma a kernel is below the smallest double.
    if (step_ > 0) {
      const double a = (std::max(x - step_ / 2, low_) - mus_[i]) / sigmas_[i];
      const double b = (std::min(x + step_ / 2, high_) - mus_[i]) / sigmas_[i];
      if (a < 39 && b > -39) sum += scale_[i] * normal_mass(a, b);
    } else {
      const double z = (x - mus_[i]) / sigmas_[i];
      const double sigma = widths_ignored_ ? 1.0 : sigmas_[i];
      if (std::abs(z) < 39)
        sum += scale_[i] / sigma * std::exp(-0.5 * z * z) * 0.39894228040143267794;
    }
  }
  return sum;
}

double NumericMixture::draw(double which, double where) const {
  std::size_t i = 0;
  for (; i + 1 < weights_.size(); ++i) {
    which -= weights_[i];
    if (which < 0) break;
  }
  const double root = std::sqrt(0.5);
  const double a = 0.5 * std::erfc(-(low_ - mus_[i]) / sigmas_[i] * root);
  const double b = 0.5 * std::erfc(-(high_ - mus_[i]) / sigmas_[i] * root);
  const double x =
      std::clamp(mus_[i] + sigmas_[i] * normal_quantile(a + where * (b - a)), low_, high_);
  return parameter_.rounded(parameter_.logarithmic ? std::exp(x) : x);
}

void NumericMixture::set_sigmas() {
  const std::size_t n = mus_.size();
  const double range = high_ - low_;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return mus_[a] < mus_[b]; });
  const double least = range / std::min(100.0, 1.0 + static_cast<double>(n));
  sigmas_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double mu = mus_[order[i]];
    const double left = mu - (i == 0 ? low_ : mus_[order[i - 1]]);
    const double right = (i + 1 == n ? high_ : mus_[order[i + 1]]) - mu;
    double sigma = std::max(left, right);
    if (n >= 2 && i == 0) sigma = right;
    if (n >= 2 && i + 1 == n) sigma = left;
    sigmas_[order[i]] = std::clamp(sigma, least, range);
  }
  sigmas_.back() = range;  // the prior's
}

}  // namespace search_strategies
