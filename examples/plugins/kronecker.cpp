// A sampler: an additive recurrence x_k = frac(offset + k * alpha) per parameter, which fills a
// space more evenly than random draws do. alpha are powers of the generalised golden ratio
// (Roberts 2018). It depends on the trial's number alone, so it learns nothing and needs no
// history.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>

class Kronecker {
 public:
  explicit Kronecker(lathe::space space) : space_(space) {
    // The ratio is the root of x^(d+1) = x + 1.
    const auto dimensions = static_cast<double>(space.size());
    for (int i = 0; i < 60; ++i) ratio_ = std::pow(1.0 + ratio_, 1.0 / (dimensions + 1.0));
  }

  bool suggest(lathe::context context, std::uint64_t trial, lathe::span<double> values) {
    const lathe::rng random(context);
    for (std::uint64_t i = 0; i < values.size(); ++i) {
      if (!space_.exists(i, values)) continue;  // it stays absent
      const double offset = random.uniform(space_.seed(), random.stream(space_.name(i)), 0);
      const double alpha = std::pow(ratio_, -static_cast<double>(i + 1));
      const double walked = offset + static_cast<double>(trial) * alpha;
      values[i] = value_at(space_[i], walked - std::floor(walked));
    }
    return true;
  }

 private:
  // u in [0, 1) to a value of the parameter.
  static double value_at(const lathe_parameter& p, double u) {
    if (p.kind == LATHE_PARAMETER_CATEGORICAL) {
      return std::min(std::floor(u * static_cast<double>(p.choices)),
                      static_cast<double>(p.choices) - 1.0);
    }
    const bool whole = p.kind == LATHE_PARAMETER_INTEGER;
    const double step = p.step > 0 ? p.step : whole ? 1.0 : 0.0;
    if (p.logarithmic != 0) {
      const double x = p.low * std::pow(p.high / p.low, u);
      return whole ? std::min(std::max(std::round(x), p.low), p.high) : x;
    }
    if (step == 0.0) return p.low + u * (p.high - p.low);
    const double steps = std::floor((p.high - p.low) / step + 1e-9);
    return p.low + step * std::min(std::floor(u * (steps + 1.0)), steps);
  }

  lathe::space space_;
  double ratio_ = 2.0;
};
LATHE_SAMPLER(Kronecker, "kronecker", "1.0.0", "Even coverage by an additive recurrence.")
