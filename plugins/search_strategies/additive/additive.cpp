// Sampler "additive": the plugin around AdditiveModel or FrontModel, and TpeModel, which propose in
// turns. Randomness is keyed by (seed, trial, attempt).
#include "../tpe/model.hpp"
#include "front/model.hpp"
#include "model.hpp"
#include "trust.hpp"

#include <lathe/lathe.hpp>

#include <memory>

namespace {

using search_strategies::AdditiveModel;
using search_strategies::Draws;
using search_strategies::FrontModel;
using search_strategies::Proposer;
using search_strategies::Space;
using search_strategies::TpeModel;
using search_strategies::TpeOptions;
using search_strategies::Trust;

struct Ended {
  std::uint64_t trial;
  lathe_trial_state state;
  std::vector<double> values, constraints;
  std::int64_t step;
};

struct Additive {
  static constexpr lathe_option options[] = {
      lathe::int_option("n_startup_trials",
                        "Trials whose outcome has to be known before the first informed "
                        "suggestion; until then it draws at random.")
          .by_default("10")
          .within("1..")
          .in("trials"),
  };
  static constexpr const char* details =
      "Regresses each objective on what the parameters contribute one by one: a number for every "
      "choice; of a number a parabola and broken lines of 8 and 32 pieces, and products of pairs "
      "of numbers and of a number and another's square. The coefficients are Gaussian a priori, "
      "with a variance per kind that the evidence chooses (Bayesian ridge). A trial is where a "
      "draw from the posterior, narrowed by a random factor, is least (Thompson sampling), found "
      "by changing one parameter at a time; with several objectives, where the draws of all, "
      "weighted at random, are (augmented Chebyshev scalarisation). "
      "Failed trials count as worse than all others, pruned ones nearly so, and what violates a "
      "constraint is told by a regression of the constraint.\n\n"
      "Two objectives of lists alone that are minimised and never negative (not an accuracy), "
      "with no constraint, are learned by relative errors "
      "instead: choices at the same place of lists as long share a curve, each parameter times a "
      "size of its own, and a Gaussian process in the logarithm has what that leaves of choices "
      "and pairs. A trial is where most area is foretold to be added to the front, whose axes "
      "are logarithms of what spans a factor of 100, and `tpe` has half as many.\n\n"
      "Between a quarter and four fifths of the trials are `tpe`'s, the more the better its "
      "trials rank among the last ones, so that spaces whose parameters mean something only "
      "together do not suffer. Beyond 1,000 trials, of which `tpe` reads all, it is asked more "
      "rarely.\n\n"
      "Costs the square of the number of features a trial, whatever came before, and each time "
      "that the trials have grown by a quarter a few times the cube.";

  Additive(lathe::options given, lathe::space host_space)
      : Additive(search_strategies::read_space(host_space.raw()), host_space.constraints(),
                 static_cast<std::uint64_t>(given.integer("n_startup_trials"))) {}

  Additive(Space space, std::uint64_t constraints, std::uint64_t startup_trials)
      : tpe(space, tpe_options(space, constraints, startup_trials)),
        trust(space.seed),
        front(FrontModel::describes(space, constraints)
                  ? std::make_unique<FrontModel>(space, startup_trials)
                  : nullptr),
        surrogate(std::move(space), constraints, startup_trials) {}

  static TpeOptions tpe_options(const Space& space, std::uint64_t constraints,
                                std::uint64_t startup_trials) {
    TpeOptions result = TpeOptions::defaults(space.directions.size(), false);
    result.startup_trials = startup_trials;
    result.constrained = constraints > 0;
    return result;
  }

  bool suggest(lathe::context context, lathe::ask asked, lathe::span<double> values) {
    const lathe::rng rng(context);
    const Space& space = surrogate.space();
    const std::uint64_t place = (asked.trial << kAttemptBits | asked.attempt % kAttempts)
                                << kDrawBits;
    // A surrogate that is not told of the trials looks as if it were starting up.
    const bool by_front = front && front->active();
    if ((by_front || !surrogate.starting_up()) && trust.proposer(asked.trial) == Proposer::kTpe) {
      tpe.suggest(
          asked.attempt,
          [&](std::size_t parameter, std::uint64_t first, double* out, std::size_t count) {
            rng.uniform(space.seed, rng.stream(space.parameters[parameter].name), place + first,
                        lathe::span<double>(out, count));
          },
          values.data());
      return true;
    }
    const std::uint64_t stream = rng.stream("additive");
    Draws draws([&](std::uint64_t first, double* out, std::size_t count) {
      rng.uniform(space.seed, stream, place + first, lathe::span<double>(out, count));
    });
    if (by_front) {
      front->suggest(asked.attempt, draws, values.data());
    } else {
      surrogate.suggest(asked.attempt, draws, values.data());
    }
    return true;
  }

  void started(std::uint64_t trial, lathe::span<const double> values) {
    tpe.started(trial, values.data());
    surrogate.started(trial, values.data());
    if (front) front->started(trial, values.data());
    trust.started(trial);
  }

  void finished(const lathe::outcome& outcome) {
    const bool pruned = outcome.state() == LATHE_STATE_PRUNED;
    const auto known = pruned ? outcome.intermediate() : outcome.values();
    const double* last = known.empty() ? nullptr : pruned ? &known.back() : known.data();
    const std::int64_t step = outcome.steps().empty() ? 0 : outcome.steps().back();
    double violation = 0;
    for (const double constraint : outcome.constraints()) {
      violation += std::isnan(constraint) ? std::numeric_limits<double>::infinity()
                                          : std::max(0.0, constraint);
    }
    tpe.finished(outcome.trial(), outcome.state(), last, step, violation);
    const std::vector<double> values = minimised(outcome);
    trust.finished(outcome.trial(), values);
    if (front) {
      front->finished(outcome.trial(), values);
      trust.ask_tpe_less(front->active());
    }
    Ended ended{outcome.trial(), outcome.state(), {}, {}, step};
    if (outcome.complete()) ended.values.assign(outcome.values().begin(), outcome.values().end());
    ended.constraints.assign(outcome.constraints().begin(), outcome.constraints().end());
    untold.push_back(std::move(ended));
    if (!front || !front->active()) tell_surrogate();
  }

  void tell_surrogate() {
    for (const Ended& ended : untold) {
      surrogate.finished(
          ended.trial, ended.state, ended.values.empty() ? nullptr : ended.values.data(),
          ended.constraints.empty() ? nullptr : ended.constraints.data(), ended.step);
    }
    untold.clear();
  }

  std::vector<double> minimised(const lathe::outcome& outcome) const {
    std::vector<double> values;
    if (!outcome.complete()) return values;
    for (std::size_t o = 0; o < outcome.values().size(); ++o) {
      const bool turned = surrogate.space().directions[o] == LATHE_DIRECTION_MAXIMIZE;
      values.push_back(turned ? -outcome.values()[o] : outcome.values()[o]);
    }
    return values;
  }

  // Numbers that each attempt of a trial has to itself.
  static constexpr unsigned kDrawBits = 20;
  static constexpr unsigned kAttemptBits = 6;
  static constexpr std::uint64_t kAttempts = std::uint64_t{1} << kAttemptBits;
  TpeModel tpe;
  Trust trust;
  std::unique_ptr<FrontModel> front;  // none: the space is not for it
  AdditiveModel surrogate;
  std::vector<Ended> untold;  // to the surrogate, while `front` proposes in its place
};

}  // namespace

LATHE_SAMPLER(Additive, "additive", "1.0.0",
              "Learns what each parameter contributes by itself, and tries where a draw of that is "
              "least, in turns with tpe; one objective or several.")
