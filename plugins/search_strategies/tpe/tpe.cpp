// Sampler "tpe": the plugin around TpeModel. Randomness is keyed by (seed, trial, parameter).
#include "model.hpp"

#include <lathe/lathe.hpp>

namespace {

using search_strategies::TpeModel;
using search_strategies::TpeOptions;

struct Tpe {
  static constexpr lathe_option options[] = {
      lathe::int_option("n_startup_trials",
                        "Trials with a result that have to be known before the first informed "
                        "suggestion; until then it draws at random.")
          .by_default("10")
          .within("0..")
          .in("trials"),
      lathe::int_option("n_ei_candidates",
                        "Candidates drawn from the good density, of which the one that the bad "
                        "density makes least likely is suggested.")
          .by_default("24")
          .within("1..100000"),
      lathe::bool_option("optuna_compat",
                         "Score continuous and logarithmic parameters as Optuna 3.1 does, whose "
                         "kernel densities lack the factor 1/sigma.")
          .by_default("false"),
  };

  Tpe(lathe::options given, lathe::space host_space)
      : model(search_strategies::read_space(host_space.raw()),
              TpeOptions{static_cast<std::uint64_t>(given.integer("n_startup_trials")),
                         static_cast<std::uint64_t>(given.integer("n_ei_candidates")),
                         given.boolean("optuna_compat")}) {}

  bool suggest(lathe::context context, std::uint64_t trial, lathe::span<double> values) {
    const lathe::rng rng(context);
    const auto& space = model.space();
    for (std::size_t p = 0; p < space.parameters.size(); ++p) {
      values[p] = search_strategies::kAbsent;
      if (!space.exists(p, values.data())) continue;
      uniform.resize(model.draws(p));
      rng.uniform(space.seed, rng.stream(space.parameters[p].name), trial << kDrawBits,
                  lathe::span<double>(uniform.data(), uniform.size()));
      values[p] = model.suggest(p, uniform.data());
    }
    return true;
  }
  void started(std::uint64_t trial, lathe::span<const double> values) {
    model.started(trial, values.data());
  }
  // A pruned trial counts by how far it got and by what it had there.
  void finished(const lathe::outcome& outcome) {
    const bool pruned = outcome.state() == LATHE_STATE_PRUNED;
    const auto known = pruned ? outcome.intermediate() : outcome.values();
    const double* values = known.empty() ? nullptr : pruned ? &known.back() : known.data();
    const std::int64_t step = outcome.steps().empty() ? 0 : outcome.steps().back();
    model.finished(outcome.trial(), outcome.state(), values, step);
  }

  // Counters that each trial has to itself: more than twice the most candidates.
  static constexpr unsigned kDrawBits = 18;
  TpeModel model;
  std::vector<double> uniform;
};

}  // namespace

LATHE_SAMPLER(Tpe, "tpe", "1.0.0",
              "Tree-structured Parzen estimator: prefers values that good trials have more often "
              "than others; one objective or several.")
