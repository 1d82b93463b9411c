// Which trials TPE takes for good: the best tenth of those that finished. With one objective by
// value; with several whole ranks of non-domination, the last one cut by hypervolume (Ozaki et al.,
// "Multiobjective tree-structured Parzen estimator", 2022). What was pruned comes after what was
// completed, what violates constraints last. Keeps only what may still become good, so that the
// cost of a trial does not grow with their number.
// Knows nothing of parameters.
#pragma once

#include "fronts.hpp"
#include "staircase.hpp"

#include <variant>

namespace search_strategies {

// How a trial ended that did not fail. Values are to be minimised.
struct Result {
  bool complete = true;
  Point values;           // complete: one per objective; pruned: the last that it reported, or none
  std::int64_t step = 0;  // pruned: when that was
  double violation = 0;   // of all constraints together; 0: all are met
};

class GoodTrials {
 public:
  // `capped`: never more than 25. `optuna31`: the good ones of several objectives weigh as much as
  // the volume that they alone add; and where there are constraints (`constrained`), what was
  // pruned comes behind what violates them, as Optuna 3.1 does both.
  GoodTrials(std::size_t objectives, bool capped, bool optuna31, bool constrained);

  void add(Observation o, const Result& result);

  std::size_t count() const { return count_; }  // of the trials that finished
  // Ascending, and a weight for each of them.
  const std::vector<Observation>& good() const { return good_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  // The order of those that no rank of non-domination has.
  struct Other {
    int kind;
    double first, second;
    Observation observation;
    bool operator<(const Other& other) const;
  };
  Other other(Observation o, const Result& result) const;
  std::size_t wanted() const;
  bool insert(Observation o, const Point& point);
  void choose();
  void choose_from_ranks(std::size_t wanted);
  void weigh();

  static constexpr std::size_t kMost = 25;

  bool several_, capped_, optuna31_, constrained_;
  std::size_t count_ = 0;
  std::size_t ranked_ = 0;  // of them, those in ranks
  std::variant<Staircases, Fronts> ranks_;
  std::size_t last_rank_ = 0;  // ranks from here on have none of the good ones
  std::vector<Other> others_;  // ascending
  std::vector<Observation> good_;
  std::vector<double> weights_;
  std::vector<Point> points_;  // optuna31: per observation; empty where it is not ranked
};

}  // namespace search_strategies
