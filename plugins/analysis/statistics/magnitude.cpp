#include "families.hpp"

#include "cells.hpp"

namespace statistics {

namespace {

struct Sum {
  double sum = 0;

  void add(const float* x, std::uint64_t count) {
    sum += sum_of(x, count, [](float v) { return static_cast<double>(std::fabs(v)); });
  }
  void merge(const Sum& other) { sum += other.sum; }
};

class AbsMean final : public CellStatistic<Sum> {
 public:
  using CellStatistic::CellStatistic;
  std::unique_ptr<Statistic> fresh() const override { return std::make_unique<AbsMean>(dims()); }
  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    result.set("abs_mean", numbers(2, [](const Sum& s, std::uint64_t count) {
                 return s.sum / static_cast<double>(count);
               }));
    if (largest_count() >= 2) result.set("count", counts());
    say_nonfinite(result);
    return result;
  }
};

}  // namespace

std::unique_ptr<Statistic> abs_mean(const lathe::options& options) {
  return std::make_unique<AbsMean>(Dims::of(options["dims"]));
}

}  // namespace statistics
