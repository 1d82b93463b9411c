// Sampler "brute": visits every point of the space once and stops.
#include "order.hpp"

#include <lathe/lathe.hpp>

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

  bool suggest(lathe::context context, std::uint64_t trial, lathe::span<double> values) {
    if (!shuffled) return order.point(trial, values.data());
    const lathe::rng rng(context);
    const std::uint64_t base = rng.stream("brute");
    const auto uniform = [&](std::uint64_t round, std::uint64_t counter) {
      return rng.uniform(space.seed, base + round, counter);
    };
    return order.point(order.shuffled(trial, uniform), values.data());
  }

  search_strategies::Space space;
  BruteOrder order;
  bool shuffled;
};

}  // namespace

LATHE_SAMPLER(Brute, "brute", "1.0.0", "Visits every point of the space once.")
