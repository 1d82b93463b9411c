// Sampler "nsgaiii": the same algorithm, which keeps those that are near reference directions.
#include "plugin.hpp"
#include "selection.hpp"

namespace {

using search_strategies::Directions;
using search_strategies::Population;

struct NsgaIII : search_strategies::EvolutionSampler {
  static constexpr lathe_option options[] = {
      search_strategies::population_size_option(), search_strategies::mutation_prob_option(),
      search_strategies::crossover_prob_option(), search_strategies::swapping_prob_option(),
      lathe::int_option("dividing_parameter",
                        "Parts into which each objective's axis is divided: the reference "
                        "directions are all ways to share so many parts between the objectives.")
          .by_default("3")
          .within("1..1000")};

  NsgaIII(lathe::options given, lathe::space space)
      : EvolutionSampler(given, space),
        size(static_cast<std::size_t>(given.integer("population_size"))),
        directions(checked(space.objectives(),
                           static_cast<std::size_t>(given.integer("dividing_parameter")))) {}

  bool suggest(lathe::context context, lathe::ask ask, lathe::span<double> values) {
    const lathe::rng rng(context);
    const std::uint64_t stream = rng.stream("nsgaiii");
    suggest_by(
        [&](const Population& population, std::uint64_t generation) {
          std::uint64_t counter = generation << 32;
          return search_strategies::of_niches(population, size, directions, [&] {
            return rng.uniform(this->space().seed, stream, counter++);
          });
        },
        rng, ask, values);
    return true;
  }

  static Directions checked(std::uint64_t objectives, std::size_t parts) {
    if (search_strategies::count_directions(objectives, parts, kMostDirections) == kMostDirections)
      throw lathe::invalid_argument(
          lathe::join({"'nsgaiii' would have ", std::to_string(kMostDirections),
                       " reference directions or more for ", std::to_string(objectives),
                       " objectives; give a smaller dividing_parameter"}))
          .at_option("dividing_parameter");
    return search_strategies::reference_directions(objectives, parts);
  }

  static constexpr std::size_t kMostDirections = 100000;

  std::size_t size;
  Directions directions;
};

}  // namespace

LATHE_SAMPLER(NsgaIII, "nsgaiii", "1.0.0",
              "Genetic algorithm for many objectives (NSGA-III): children of the trials that the "
              "fewest dominate, spread over directions.")
