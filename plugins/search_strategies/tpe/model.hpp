// TPE (univariate) as a cache of what it was told: trials in number order go in, the densities l
// and g of a parameter and suggestions come out. For categorical parameters it keeps sums, so that
// a suggestion costs the same after a million trials. Knows nothing of the plugin interface and
// draws no random numbers.
#pragma once

#include "kernels.hpp"
#include "split.hpp"

#include <deque>
#include <utility>

namespace search_strategies {

struct TpeOptions {
  std::uint64_t startup_trials = 10;
  std::uint64_t candidates = 24;
  bool optuna_compat = false;  // the numeric densities of Optuna 3.1, defect included
};

// A parameter's values over all observations, and, for a categorical one, running sums over the
// bad set: how many have choice c (N_c) and the sum of their places in it (J_c), from which the
// ramp weights of a choice follow.
class Column {
 public:
  explicit Column(const Parameter& parameter)
      : choices_(parameter.categorical() ? parameter.choices : 0),
        counts_(choices_, 0),
        places_(choices_, 0) {}

  double value(Observation o) const { return values_[o]; }
  void append(double value) {
    values_.push_back(value);
    member_.push_back(0);
  }

  // Enters or leaves the bad set.
  void enter(Observation o) { move(o, true); }
  void leave(Observation o) { move(o, false); }

  // How many of the bad set have the parameter.
  std::size_t size() const { return size_; }
  // Sum of their ramp weights per choice.
  std::vector<double> ramp_sums() const;

 private:
  static constexpr std::size_t kBlock = 256;
  using Block = std::vector<std::uint32_t>;  // members per choice, of 256 observations

  bool empty_block(std::size_t block) const;
  void move(Observation o, bool in);

  std::size_t choices_;
  std::vector<double> values_;                  // per observation; NaN: absent
  std::vector<char> member_;                    // of the bad set, where the parameter is present
  std::vector<std::uint64_t> counts_, places_;  // N_c, J_c
  std::size_t size_ = 0;                        // members
  std::vector<Block> blocks_;
};

class TpeModel {
 public:
  TpeModel(Space space, TpeOptions options);
  const Space& space() const { return space_; }
  bool starting_up() const { return bad_.size() < options_.startup_trials; }

  // Both in number order; every trial is started before it is finished.
  void started(std::uint64_t trial, const double* values);
  void finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                std::int64_t step);

  struct Densities {
    std::vector<double> l, g;  // per choice
  };
  Densities categorical(std::size_t p) const;

  struct Mixtures {
    NumericMixture l, g;
  };
  Mixtures numeric(std::size_t p) const;

  // How many uniform numbers suggest() reads.
  std::size_t draws(std::size_t p) const;
  double suggest(std::size_t p, const double* uniform) const;

 private:
  struct Observations {
    std::vector<double> values, weights;
  };
  // Those of the good set that have the parameter.
  Observations good_observations(std::size_t p) const;

  // Moves what changed sides since the newest observation came.
  void update(Observation newest);

  Space space_;
  TpeOptions options_;
  std::deque<std::pair<std::uint64_t, std::vector<double>>> running_;
  std::vector<Column> columns_;
  std::vector<char> bad_;  // per observation
  SingleSplit single_;
  ParetoSplit pareto_;
  std::vector<Observation> good_;
};

}  // namespace search_strategies
