#include "families.hpp"

#include "cells.hpp"

namespace statistics {

namespace {

// Merged as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
// sample variances", 1979.
struct Moments {
  double count = 0, mean = 0, squares = 0;  // of deviations from the mean

  void add(const float* x, std::uint64_t n) {
    Moments these;
    these.count = static_cast<double>(n);
    these.mean = sum_of(x, n, [](float v) { return static_cast<double>(v); }) / these.count;
    these.squares = sum_of(x, n, [mean = these.mean](float v) {
      const double deviation = static_cast<double>(v) - mean;
      return deviation * deviation;
    });
    merge(these);
  }
  void merge(const Moments& other) {
    const double both = count + other.count;
    const double delta = other.mean - mean;
    mean += delta * (other.count / both);
    squares += other.squares + delta * delta * (count * (other.count / both));
    count = both;
  }
  double variance(bool is_unbiased) const { return squares / (is_unbiased ? count - 1 : count); }
};

class VarianceOnline final : public CellStatistic<Moments> {
 public:
  using CellStatistic::CellStatistic;
  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<VarianceOnline>(dims());
  }
  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    result.set("mean", numbers(2, [](const Moments& m, std::uint64_t) { return m.mean; }));
    result.set("variance",
               numbers(2, [](const Moments& m, std::uint64_t) { return m.variance(false); }));
    if (largest_count() >= 2) result.set("count", counts());
    say_nonfinite(result);
    return result;
  }
};

class VariancePrecise final : public CellStatistic<Moments> {
 public:
  using CellStatistic::CellStatistic;
  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<VariancePrecise>(dims());
  }
  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    // MASE gives the mean of one value over everything, and none for each element of one sample.
    result.set("mean", numbers(dims().reduce == Reduce::all ? 1 : 2,
                               [](const Moments& m, std::uint64_t) { return m.mean; }));
    result.set("variance",
               numbers(2, [](const Moments& m, std::uint64_t) { return m.variance(true); }));
    result.set("count", counts());
    say_nonfinite(result);
    return result;
  }
};

class RangeNSigma final : public CellStatistic<Moments> {
 public:
  RangeNSigma(Dims dims, bool is_abs, bool is_unbiased, double sigmas)
      : CellStatistic(std::move(dims), is_abs), is_unbiased_(is_unbiased), sigmas_(sigmas) {}
  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<RangeNSigma>(dims(), is_abs(), is_unbiased_, sigmas_);
  }
  lathe::value result() const override {
    const auto reach = [this](const Moments& m) {
      return sigmas_ * std::sqrt(m.variance(is_unbiased_));
    };
    lathe::value result = lathe::value::map();
    result.set("min",
               numbers(2, [&](const Moments& m, std::uint64_t) { return m.mean - reach(m); }));
    result.set("max",
               numbers(2, [&](const Moments& m, std::uint64_t) { return m.mean + reach(m); }));
    result.set("range", numbers(2, [&](const Moments& m, std::uint64_t) { return 2 * reach(m); }));
    result.set("count", counts());
    say_nonfinite(result);
    return result;
  }

 private:
  bool is_unbiased_;
  double sigmas_;
};

}  // namespace

std::unique_ptr<Statistic> variance_online(const lathe::options& options) {
  return std::make_unique<VarianceOnline>(Dims::of(options["dims"]));
}

std::unique_ptr<Statistic> variance_precise(const lathe::options& options) {
  return std::make_unique<VariancePrecise>(Dims::of(options["dims"]));
}

std::unique_ptr<Statistic> range_n_sigma(const lathe::options& options) {
  return std::make_unique<RangeNSigma>(Dims::of(options["dims"]), options.boolean("abs"),
                                       options.text("var_mode") == "precise",
                                       options.real("num_sigma"));
}

}  // namespace statistics
