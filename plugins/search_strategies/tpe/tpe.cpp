// Sampler "tpe": the plugin around TpeModel. Randomness is keyed by (seed, trial, attempt,
// parameter).
#include "model.hpp"

#include <lathe/lathe.hpp>

namespace {

using search_strategies::Together;
using search_strategies::TpeModel;
using search_strategies::TpeOptions;

struct Tpe {
  static constexpr lathe_option options[] = {
      lathe::int_option("n_startup_trials",
                        "Trials whose outcome has to be known before the first informed "
                        "suggestion; until then it draws at random.")
          .by_default("10")
          .within("0..")
          .in("trials"),
      lathe::int_option("n_ei_candidates",
                        "Candidates drawn from the good density, of which the one that the bad "
                        "density makes least likely is suggested.")
          .by_default("24")
          .within("1..100000"),
      lathe::bool_option("multivariate",
                         "Draw the parameters that every trial had together, from whole trials, "
                         "instead of each from its own density. NA: with one objective, as in "
                         "Optuna 5.")
          .by_default("NA")
          .nullable(),
      lathe::bool_option("group",
                         "Multivariate over each set of parameters of which a trial has all or "
                         "none, eg those under one choice.")
          .by_default("false"),
      lathe::bool_option("constant_liar",
                         "Take trials whose outcome is not known yet for bad ones, so that what is "
                         "being tried is not suggested again. NA: yes, as in Optuna 5.")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("failed", "against|ignored",
                           "A failed trial is one of the bad trials, or says nothing, as in "
                           "Optuna. NA: against.")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("pruned", "ranked|ignored",
                           "A pruned trial comes behind the completed ones by how far it came, or "
                           "says nothing, as with several objectives in Optuna 3.1. NA: ranked.")
          .by_default("NA")
          .nullable(),
      lathe::bool_option("uncapped",
                         "With several objectives: the best tenth of all trials are good, as in "
                         "Optuna 5, not 25 at most. Costs more with every trial: about 4 ms at "
                         "20,000 with two objectives.")
          .by_default("false"),
      lathe::bool_option("optuna31",
                         "What Optuna 3.1 does: options that are NA are its defaults, numeric "
                         "kernels are those of 3.1, and with several objectives good trials "
                         "weigh by the volume that they add.")
          .by_default("false"),
  };

  Tpe(lathe::options given, lathe::space host_space)
      : model(search_strategies::read_space(host_space.raw()), read(given, host_space)) {}

  static TpeOptions read(lathe::options given, lathe::space host_space) {
    TpeOptions result = TpeOptions::defaults(host_space.objectives(), given.boolean("optuna31"));
    result.startup_trials = static_cast<std::uint64_t>(given.integer("n_startup_trials"));
    result.candidates = static_cast<std::uint64_t>(given.integer("n_ei_candidates"));
    result.uncapped = given.boolean("uncapped");
    result.constrained = host_space.constraints() > 0;
    if (const auto multivariate = given["multivariate"])
      result.together = multivariate.boolean() ? Together::kAlways : Together::kNone;
    if (given.boolean("group")) {
      if (const auto multivariate = given["multivariate"]; multivariate && !multivariate.boolean())
        throw std::invalid_argument(
            "'group' draws parameters together, which "
            "'multivariate = false' forbids: leave one of them out");
      result.together = Together::kGroups;
    }
    if (const auto liar = given["constant_liar"]) result.constant_liar = liar.boolean();
    if (const auto failed = given["failed"]) result.failed_ignored = failed.text() == "ignored";
    if (const auto pruned = given["pruned"]) result.pruned_ignored = pruned.text() == "ignored";
    return result;
  }

  bool suggest(lathe::context context, lathe::ask asked, lathe::span<double> values) {
    const lathe::rng rng(context);
    const auto& space = model.space();
    model.suggest(
        asked.attempt,
        [&](std::size_t parameter, std::uint64_t first, double* out, std::size_t count) {
          const std::uint64_t place = asked.trial << kAttemptBits | asked.attempt % kAttempts;
          rng.uniform(space.seed, rng.stream(space.parameters[parameter].name),
                      (place << kDrawBits) + first, lathe::span<double>(out, count));
        },
        values.data());
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
    double violation = 0;
    for (const double constraint : outcome.constraints())
      violation += std::isnan(constraint) ? std::numeric_limits<double>::infinity()
                                          : std::max(0.0, constraint);
    model.finished(outcome.trial(), outcome.state(), values, step, violation);
  }

  // Numbers that each attempt of a trial has to itself: more than twice the most candidates.
  static constexpr unsigned kDrawBits = 18;
  static constexpr unsigned kAttemptBits = 6;
  static constexpr std::uint64_t kAttempts = std::uint64_t{1} << kAttemptBits;
  TpeModel model;
};

}  // namespace

LATHE_SAMPLER(Tpe, "tpe", "2.0.0",
              "Tree-structured Parzen estimator: prefers values that good trials have more often "
              "than others; one objective or several.")
