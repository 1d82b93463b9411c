// A surrogate that adds up what each parameter contributes, and the points at which a draw of it
// is least (Thompson sampling): trials in number order go in, points come out. A suggestion costs
// the square of the number of features, a trial the same, whatever the number of trials.
// Knows nothing of the plugin interface.
#pragma once

#include "descent.hpp"
#include "ridge.hpp"

#include <deque>
#include <optional>

namespace search_strategies {

class AdditiveModel {
 public:
  // `startup_trials`: how many have to end before the first suggestion that is not random.
  AdditiveModel(Space space, std::size_t constraints, std::uint64_t startup_trials);
  AdditiveModel(const AdditiveModel&) = delete;

  const Space& space() const { return space_; }
  bool starting_up() const { return told_ < startup_trials_; }
  std::uint64_t told() const { return told_; }

  // Both in number order; every trial is started before it is finished.
  void started(std::uint64_t trial, const double* values);
  // `violations`: one per constraint, of a complete trial; at most 0: it is met. `steps`: how far
  // a pruned trial came.
  void finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                const double* violations, std::int64_t steps);

  // The point of a new trial; at `attempt` n, after n refused ones, drawn more widely.
  void suggest(std::uint64_t attempt, Draws& draws, double* values) const;

 private:
  struct Running {
    std::uint64_t trial;
    std::vector<double> point;
  };
  struct Ended {
    std::vector<double> point;
    std::vector<double> values;  // objectives, to be minimised, then violations; empty: none
    double badness = 0;
  };
  // A point that no other is better than in everything.
  struct Elite {
    std::vector<double> point, values;
  };

  double badness(lathe_trial_state state, std::int64_t steps);
  void learn(const Ended& ended);
  void set_caps();
  void set_targets();
  void keep_if_elite(const Ended& ended);
  Scalarisation scalarisation(Draws& draws) const;
  const std::vector<double>& start_for(const Scalarisation& scalarisation) const;

  Space space_;
  std::size_t objectives_, constraints_;
  std::uint64_t startup_trials_, told_ = 0;
  Features features_;
  Ridge ridge_;
  std::deque<Running> running_;
  std::vector<Ended> startup_;  // until all caps are known
  std::vector<double> caps_;    // larger values count as these
  std::vector<double> best_, worst_;
  std::int64_t longest_ = 0;  // steps of a pruned trial
  std::vector<Elite> elites_;
};

}  // namespace search_strategies
