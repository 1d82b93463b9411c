// The trials of two objectives in ranks of non-domination. Those of a rank are a staircase: sorted
// by the first objective they fall in the second, so a trial finds its rank by two binary searches,
// and the trials that it pushes down a rank stand together.
// And the greedy choice of a few of a rank by hypervolume, which remembers what it found: a chosen
// trial splits the staircase, and what lies left of it no longer matters to what lies right.
#pragma once

#include "../column.hpp"

#include <map>
#include <unordered_map>
#include <utility>

namespace search_strategies {

struct Step {
  double x, y;
  Observation observation;
};

class Staircases {
 public:
  // `most`: ranks from this one on are dropped; each rank above holds a trial, so that who wants
  // no more than `most` trials never comes to them. 0: all are kept.
  // `older_first`: of equal gains in volume the older trial is chosen, as Optuna 3.1 does; else the
  // one whose first objective is the smaller, as Optuna 5 does.
  Staircases(std::size_t most, bool older_first) : most_(most), older_first_(older_first) {}

  // Puts a trial into its rank. Returns the first rank that changed.
  std::size_t insert(double x, double y, Observation o);

  std::size_t ranks() const { return ranks_.size(); }
  // How many trials a rank has.
  std::size_t count(std::size_t rank) const;
  // All of them, in no order.
  void members(std::size_t rank, std::vector<Observation>& out) const;
  // Adds `wanted` of a rank: again and again the trial that adds most to the volume of what is
  // chosen. Those with the values of a chosen one add nothing: the oldest of them come last.
  // REQUIRES: wanted < count(rank).
  void choose(std::size_t rank, std::size_t wanted, std::vector<Observation>& out);

 private:
  struct Rank {
    std::vector<Step> steps;
    std::size_t repeats = 0;  // trials beyond one per step
  };
  // A part of the staircase between two chosen steps, and the step in it that adds most.
  struct Part {
    double left_x, left_y;  // the chosen step before it
    double right_x;         // and the one behind it; or the reference
    Step best;
    double gain;  // negative: nothing lies between
  };

  bool better(double gain, const Step& step, const Part& than) const;
  Part scan(const std::vector<Step>& steps, Part part) const;
  const Part& part(const std::vector<Step>& steps, double left_x, double left_y, double right_x);
  // What `known_` has to be after a change of its rank.
  void remember(const std::vector<Step>& added, const std::vector<Step>& removed);

  std::size_t most_;
  bool older_first_;
  std::vector<Rank> ranks_;
  // Trials whose values an older one has, by the oldest.
  std::unordered_map<Observation, std::vector<Observation>> repeats_;

  // What choose() found last time, by the x of either end; as long as rank and reference stay.
  std::size_t known_rank_ = 0;
  double known_x_ = 0, known_y_ = 0;
  std::map<std::pair<double, double>, Part> known_, used_;
};

}  // namespace search_strategies
