// What the plugins 'nsgaii' and 'nsgaiii' share: options, and the way to the host.
#pragma once

#include "../draws.hpp"
#include "evolution.hpp"

#include <lathe/lathe.hpp>

namespace search_strategies {

constexpr lathe::option population_size_option() {
  return lathe::int_option("population_size",
                           "Complete trials of a generation, and parents of the next; those of "
                           "the first are drawn at random.")
      .by_default("50")
      .within("2..100000")
      .in("trials");
}
constexpr lathe::option mutation_prob_option() {
  return lathe::float_option("mutation_prob",
                             "Probability that a parameter of a child is drawn anew; NA: one over "
                             "the number of its parameters.")
      .nullable()
      .within("0..1");
}
constexpr lathe::option crossover_prob_option() {
  return lathe::float_option("crossover_prob",
                             "Probability that a child has two parents; else it is a copy of one.")
      .by_default("0.9")
      .within("0..1");
}
constexpr lathe::option swapping_prob_option() {
  return lathe::float_option("swapping_prob",
                             "Probability that a parameter of a child of two is the first "
                             "parent's.")
      .by_default("0.5")
      .within("0..1");
}

inline EvolutionOptions evolution_options(const lathe::options& given) {
  return {static_cast<std::size_t>(given.integer("population_size")), given.real("crossover_prob"),
          given.real("swapping_prob"), given.real_or("mutation_prob", -1)};
}

// A constraint that is NaN counts as violated without bound.
inline double violation_of(const lathe::outcome& outcome) {
  double sum = 0;
  for (const double violation : outcome.constraints())
    if (!(violation <= 0)) sum += std::isnan(violation) ? HUGE_VAL : violation;
  return sum;
}

class EvolutionSampler {
 public:
  EvolutionSampler(lathe::options given, lathe::space space)
      : evolution_(read_space(space.raw()), evolution_options(given)) {}

  void started(std::uint64_t trial, lathe::span<const double> values) {
    evolution_.started(trial, values.data());
  }
  void finished(const lathe::outcome& outcome) {
    if (outcome.complete()) {
      evolution_.completed(outcome.trial(), outcome.values().data(), violation_of(outcome));
    } else {
      evolution_.gave_nothing(outcome.trial());
    }
  }

 protected:
  void suggest_by(const Evolution::Select& select, const lathe::rng& rng, lathe::ask ask,
                  lathe::span<double> values) {
    const std::uint64_t seed = evolution_.space().seed;
    const std::uint64_t counter = draw_counter(ask.trial, ask.attempt) << kDrawBits;
    evolution_.suggest(
        ask.attempt, select,
        [&](const std::string& stream, double* out, std::size_t count) {
          rng.uniform(seed, rng.stream(stream), counter, lathe::span<double>(out, count));
        },
        values.data());
  }
  const Space& space() const { return evolution_.space(); }

 private:
  static constexpr unsigned kDrawBits = 3;  // at most 8 numbers of a stream for an answer
  Evolution evolution_;
};

}  // namespace search_strategies
