// Sampler "qmc": the points of a Sobol sequence, one dimension per parameter.
#include "../draws.hpp"
#include "../space.hpp"
#include "sobol.hpp"

#include <lathe/lathe.hpp>

namespace {

using search_strategies::Sobol;

struct Qmc {
  static constexpr lathe_option options[] = {
      lathe::bool_option("scramble",
                         "Randomises the sequence by the seed: a drawn linear matrix per "
                         "dimension and a digital shift. Without it the first point is the lowest "
                         "value of every parameter, whatever the seed.")
          .by_default("false"),
      lathe::int_option("skip",
                        "Points left out at the beginning: trial t is point t + skip of the "
                        "sequence.")
          .by_default("0")
          .within("0..1000000000")
          .in("points"),
  };

  Qmc(lathe::options given, lathe::space host_space, lathe::context context)
      : space(search_strategies::read_space(host_space.raw())),
        rng(context),
        sobol(number_dimensions()),
        skip(static_cast<std::uint64_t>(given.integer("skip"))),
        scrambled(given.boolean("scramble")) {
    if (!scrambled) return;
    const std::uint64_t stream = rng.stream("qmc");
    sobol.scramble([&](std::size_t dimension, std::uint64_t counter) {
      return rng.uniform(space.seed, stream, dimension << 8 | counter);
    });
  }

  bool suggest(lathe::context, lathe::ask ask, lathe::span<double> values) {
    for (std::size_t p = 0; p < space.parameters.size(); ++p) {
      const auto& parameter = space.parameters[p];
      if (!space.exists(p, values.data())) continue;
      double u = 0;
      if (dimensions[p] != kNone) {
        std::uint64_t bits = sobol.bits(ask.trial + skip, dimensions[p]);
        // Points that were taken make room for those of the sequence shifted in another way.
        if (scrambled || ask.attempt > 0) bits ^= shift(parameter.name, ask.attempt);
        u = Sobol::number(bits);
      }
      values[p] = search_strategies::uniform_value(parameter, u);
    }
    return true;
  }

  // A parameter keeps its dimension whether it exists or not; one with a single value needs none.
  std::size_t number_dimensions() {
    std::size_t count = 0;
    for (const auto& parameter : space.parameters)
      dimensions.push_back(parameter.count() == 1 ? kNone : count++);
    if (count <= Sobol::kMostDimensions) return count;
    throw lathe::invalid_argument(lathe::join(
        {"'qmc' knows the directions of ", std::to_string(Sobol::kMostDimensions),
         " dimensions, and ", std::to_string(count),
         " parameters have more than one value; give some a single value, or use the sampler "
         "'random'"}));
  }

  std::uint64_t shift(const std::string& name, std::uint64_t attempt) const {
    const double u =
        rng.uniform(space.seed, rng.stream(name), search_strategies::draw_counter(0, attempt));
    return static_cast<std::uint64_t>(u * static_cast<double>(std::uint64_t{1} << Sobol::kBits));
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  search_strategies::Space space;
  lathe::rng rng;
  std::vector<std::size_t> dimensions;  // per parameter
  Sobol sobol;
  std::uint64_t skip;
  bool scrambled;
};

}  // namespace

LATHE_SAMPLER(Qmc, "qmc", "1.0.0",
              "Points of a Sobol sequence, which cover the space more evenly than random ones.")
