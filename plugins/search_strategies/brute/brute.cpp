// Sampler "brute": visits every point of the space once and stops.
#include "order.hpp"

#include <lathe/lathe.hpp>

#include <unordered_set>

namespace {

using search_strategies::BruteOrder;

struct Brute {
  static constexpr lathe_option options[] = {
      lathe::choice_option("order", "sequential|shuffled",
                           "Sequential runs through the last parameter fastest; shuffled is a "
                           "permutation drawn from the seed.")
          .by_default("sequential"),
  };

  Brute(lathe::options given, lathe::space host_space)
      : space(checked(host_space)), order(space), shuffled(given.text("order") == "shuffled") {}

  static search_strategies::Space checked(lathe::space host_space) {
    search_strategies::Space space = search_strategies::read_space(host_space.raw());
    for (const auto& parameter : space.parameters) {
      if (parameter.count() > 0) continue;
      throw lathe::invalid_argument(lathe::join(
          {"'brute' cannot visit every value of the continuous parameter '", parameter.name,
           "'; give it a step, list its choices, or use the sampler 'random' or "
           "'tpe'"}));
    }
    return space;
  }

  // The first point in the order that no trial had: a person's trials count as visits too.
  bool suggest(lathe::context context, std::uint64_t, lathe::span<double> values) {
    for (;; ++next_) {
      if (!point(context, next_, values.data())) return false;
      const auto visit = visited_.find(order.key(values.data()));
      if (visit == visited_.end()) return true;
      visited_.erase(visit);  // the order does not come back to it
    }
  }

  void started(std::uint64_t, lathe::span<const double> values) {
    visited_.insert(order.key(values.data()));
  }

 private:
  bool point(lathe::context context, std::uint64_t index, double* values) const {
    if (!shuffled) return order.point(index, values);
    const lathe::rng rng(context);
    const std::uint64_t base = rng.stream("brute");
    const auto uniform = [&](std::uint64_t round, std::uint64_t counter) {
      return rng.uniform(space.seed, base + round, counter);
    };
    return order.point(order.shuffled(index, uniform), values);
  }

  search_strategies::Space space;
  BruteOrder order;
  bool shuffled;
  std::uint64_t next_ = 0;  // points before it in the order were visited
  // Visited points that are not before it, or that the order came by already.
  std::unordered_set<std::string> visited_;
};

}  // namespace

LATHE_SAMPLER(Brute, "brute", "1.0.0", "Visits every point of the space once.")
