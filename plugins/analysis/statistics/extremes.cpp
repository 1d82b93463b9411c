#include "families.hpp"

#include <limits>

#include "cells.hpp"

namespace statistics {

namespace {

struct Extremes {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  void add(const float* x, std::uint64_t count) {
    float least = low, most = high;
    for (std::uint64_t i = 0; i < count; ++i) {
      least = x[i] < least ? x[i] : least;
      most = x[i] > most ? x[i] : most;
    }
    low = least;
    high = most;
  }
  void merge(const Extremes& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

class RangeMinMax final : public CellStatistic<Extremes> {
 public:
  using CellStatistic::CellStatistic;
  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<RangeMinMax>(dims(), is_abs());
  }
  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    result.set("min", numbers(1, [](const Extremes& e, std::uint64_t) { return e.low; }));
    result.set("max", numbers(1, [](const Extremes& e, std::uint64_t) { return e.high; }));
    result.set("range", numbers(2, [](const Extremes& e, std::uint64_t) {
                 return static_cast<double>(e.high) - static_cast<double>(e.low);
               }));
    result.set("count", counts());
    say_nonfinite(result);
    return result;
  }
};

}  // namespace

std::unique_ptr<Statistic> range_min_max(const lathe::options& options) {
  return std::make_unique<RangeMinMax>(Dims::of(options["dims"]), options.boolean("abs"));
}

}  // namespace statistics
