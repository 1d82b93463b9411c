// Sampler "brute": visits every point of the space once and stops.
#include "order.hpp"
#include "permutation.hpp"

#include <lathe/lathe.hpp>

#include <set>

namespace {

using search_strategies::BruteOrder;
using search_strategies::Natural;
using search_strategies::Permutation;

struct Brute {
  static constexpr lathe_option options[] = {
      lathe::choice_option("order", "sequential|shuffled",
                           "Sequential runs through the last parameter fastest; shuffled is a "
                           "permutation of all points drawn from the seed.")
          .by_default("sequential"),
  };

  Brute(lathe::options given, lathe::space host_space, lathe::context context)
      : order(checked(host_space)) {
    if (given.text("order") == "sequential") return;
    const lathe::rng rng(context);
    const std::uint64_t seed = host_space.seed(), base = rng.stream("brute");
    permutation.emplace(order.size(), [=](std::uint64_t stream, std::uint64_t counter) {
      return rng.uniform(seed, base + stream, counter);
    });
  }

  static search_strategies::Space checked(lathe::space host_space) {
    search_strategies::Space space = search_strategies::read_space(host_space.raw());
    for (const auto& parameter : space.parameters) {
      if (parameter.continuous() && parameter.count() == 0)
        throw lathe::invalid_argument(lathe::join(
            {"'brute' cannot visit every value of the continuous parameter '", parameter.name,
             "'; give it a step, list its choices, or use the sampler 'random' or 'tpe'"}));
      if (parameter.count() > kMostValues)
        throw lathe::invalid_argument(
            lathe::join({"'brute' cannot tell all values of the parameter '", parameter.name,
                         "' apart, which are more than 2^53; give it a larger step"}));
    }
    return space;
  }

  // The first point in the order that no trial had: a person's trials count as visits too.
  bool suggest(lathe::context, std::uint64_t, lathe::span<double> values) {
    if (!(next < order.size())) return false;
    order.point(permutation ? permutation->at(next) : next, values.data());
    return true;
  }

  void started(std::uint64_t, lathe::span<const double> values) {
    std::optional<Natural> index = order.index_of(values.data());
    if (!index) return;
    if (permutation) index = permutation->place_of(*index);
    if (!(*index < next)) ahead.insert(*index);
    for (; !ahead.empty() && *ahead.begin() == next; next += 1) ahead.erase(ahead.begin());
  }

  static constexpr std::uint64_t kMostValues = std::uint64_t{1} << 53;  // integers of a double

  BruteOrder order;
  std::optional<Permutation> permutation;  // none: sequential
  Natural next;                            // the first place in the order that was not visited
  std::set<Natural> ahead;                 // places behind it that were
};

}  // namespace

LATHE_SAMPLER(Brute, "brute", "1.0.0", "Visits every point of the space once.")
