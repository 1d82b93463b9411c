// TPE as a cache of what it was told: trials in number order go in, points come out, by Optuna's
// probabilities. Knows nothing of the plugin interface and draws no random numbers.
#pragma once

#include "blocks.hpp"
#include "categorical.hpp"
#include "good/good_trials.hpp"
#include "mixture.hpp"
#include "survival.hpp"

#include <deque>
#include <functional>
#include <map>
#include <utility>

namespace search_strategies {

struct TpeOptions {
  std::uint64_t startup_trials = 10;
  std::uint64_t candidates = 24;
  Together together = Together::kAlways;
  bool constant_liar = true;    // trials that run are bad ones
  bool failed_ignored = false;  // else they are bad ones
  bool pruned_ignored = false;
  bool uncapped = false;     // several objectives: the good set grows beyond 25
  bool optuna31 = false;     // kernels and weights of Optuna 3.1
  bool constrained = false;  // trials have constraints

  // The defaults for that many objectives, after Optuna 5 or 3.1.
  static TpeOptions defaults(std::size_t objectives, bool optuna31);
};

// Fills `out` with uniform numbers of [0, 1): number first, first + 1, ... of a parameter.
using Uniform =
    std::function<void(std::size_t parameter, std::uint64_t first, double* out, std::size_t count)>;

class TpeModel {
 public:
  TpeModel(Space space, TpeOptions options);
  TpeModel(const TpeModel&) = delete;
  TpeModel(TpeModel&&) noexcept = default;
  const Space& space() const { return space_; }
  bool starting_up() const { return good_trials_.count() + failures_ < options_.startup_trials; }

  // Both in number order; every trial is started before it is finished. `values`: one per
  // objective, or what a pruned trial reported last, and `step` when; null: there are none.
  void started(std::uint64_t trial, const double* values);
  void finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                std::int64_t step, double violation = 0);

  // The point of a new trial. `attempt`: how many points were refused; see docs/search.md.
  void suggest(std::uint64_t attempt, const Uniform& uniform, double* values) const;

  struct Densities {
    std::vector<double> l, g;  // per choice
  };
  Densities categorical(std::size_t p) const;

 private:
  struct Running {
    std::uint64_t trial;
    std::vector<double> values;
  };
  // What a mixture of the few good trials is made of.
  struct Gathered {
    std::vector<std::uint8_t> codes;
    std::vector<double> values;
    std::vector<std::uint32_t> ascending;
  };
  // Both densities of a block.
  struct Prepared {
    std::vector<Gathered> gathered;  // what `l` points to
    Mixture l, g;
  };

  void append(const double* values);
  void pop();
  void withdraw_oldest();
  void choose_good();
  const std::vector<double>& good_density(std::size_t p) const;
  Width width() const;
  bool has(Observation o, const std::vector<std::size_t>& block) const;
  std::vector<double> bad_weights(const std::vector<std::size_t>& block) const;
  Mixture bad_mixture(const std::vector<std::size_t>& block) const;
  std::vector<Observation> good_members(const std::vector<std::size_t>& block,
                                        std::vector<double>& weights) const;
  Gathered gathered(std::size_t p, const std::vector<Observation>& members) const;
  const Prepared& prepared(const std::vector<std::size_t>& block) const;
  double survival(const std::vector<std::size_t>& block, const double* point) const;
  double draw_choice(std::size_t p, std::uint64_t candidates, const Uniform& uniform) const;
  void draw_block(const std::vector<std::size_t>& block, std::uint64_t candidates,
                  const Uniform& uniform, double* values) const;

  Space space_;
  TpeOptions options_;
  std::vector<Axis> axes_;
  std::vector<Column> columns_;
  Blocks blocks_;
  std::deque<Running> running_;
  std::size_t told_ = 0;  // observations whose outcome is known; the others run
  std::size_t failures_ = 0;
  GoodTrials good_trials_;
  Good good_;
  mutable std::vector<std::vector<double>>
      good_densities_;  // empty: not since the good have changed
  Survival survival_;
  // By the first parameter of a block; until something is told.
  mutable std::map<std::size_t, Prepared> prepared_;
};

}  // namespace search_strategies
