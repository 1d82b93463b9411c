// Points of a search of two positive objectives over lists: both are learned by relative errors, so
// that a front may span orders of magnitude, and a point is proposed where what is foretold of both
// adds most area to the front, on whose axis an objective that spans decades is its logarithm
// (hypervolume improvement: Emmerich, Giannakoglou and Naujoks, "Single- and multiobjective
// evolutionary optimization assisted by Gaussian random field metamodels", 2006). Trials in number
// order go in, points come out. Knows nothing of the plugin interface.
#pragma once

#include "exchanges.hpp"

#include <deque>

namespace search_strategies {

class FrontModel {
 public:
  // Whether it is for such a space; else nothing but this may be asked.
  static bool describes(const Space& space, std::size_t constraints);

  FrontModel(const Space& space, std::uint64_t startup_trials);
  FrontModel(const FrontModel&) = delete;

  // Whether what it was told is such that it can propose: enough of it, and nothing negative.
  bool active() const { return active_; }

  // Both in number order; every trial is started before it is finished. `values`: to be minimised;
  // empty: it ended without them.
  void started(std::uint64_t trial, const double* values);
  void finished(std::uint64_t trial, const std::vector<double>& values);

  // REQUIRES: active().
  void suggest(std::uint64_t attempt, Draws& draws, double* values) const;

 private:
  struct Running {
    std::uint64_t trial;
    Columns columns;
  };
  struct Elite {
    Columns columns;
    Place values;
  };

  void keep_if_elite(const Columns& columns, const Place& values);
  void learn(const Columns& columns, const Place& values);
  bool wide(std::size_t o) const;
  Place on_axes(const Axes& axes, const Place& values) const;
  void set_worst(Axes& axes, const std::vector<Place>& places) const;

  Choices choices_;
  std::uint64_t startup_trials_, told_ = 0;
  bool active_ = false, negative_ = false;
  std::array<Quantity, 2> quantities_;
  Place least_, most_;  // positive values
  std::deque<Running> running_;
  std::vector<Elite> elites_;
};

}  // namespace search_strategies
