// Sampler "nsgaii": a genetic algorithm that keeps the least dominated and least crowded.
#include "plugin.hpp"
#include "selection.hpp"

namespace {

using search_strategies::Population;

struct NsgaII : search_strategies::EvolutionSampler {
  static constexpr lathe_option options[] = {
      search_strategies::population_size_option(), search_strategies::mutation_prob_option(),
      search_strategies::crossover_prob_option(), search_strategies::swapping_prob_option()};

  NsgaII(lathe::options given, lathe::space space)
      : EvolutionSampler(given, space),
        size(static_cast<std::size_t>(given.integer("population_size"))) {}

  bool suggest(lathe::context context, lathe::ask ask, lathe::span<double> values) {
    suggest_by([&](const Population& population,
                   std::uint64_t) { return search_strategies::least_crowded(population, size); },
               lathe::rng(context), ask, values);
    return true;
  }

  std::size_t size;
};

}  // namespace

LATHE_SAMPLER(NsgaII, "nsgaii", "1.0.0",
              "Genetic algorithm (NSGA-II): children of the trials that the fewest dominate, the "
              "less crowded ones first; one objective or several.")
