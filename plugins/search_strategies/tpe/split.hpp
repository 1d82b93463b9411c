// Which trials TPE takes for its "good" set: the best ones by value with one objective; whole ranks
// of non-domination with several, the last one cut by hypervolume (Ozaki et al., "Multiobjective
// tree-structured Parzen estimator", 2022, as Optuna 3.1 does it). Both keep only what may still
// become good, so that the cost of a trial does not grow with their number.
// Knows nothing of parameters.
#pragma once

#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace search_strategies {

constexpr std::size_t kMostGood = 25;

// Trials are numbered by observation: 0, 1, ... in the order in which they are added.
using Observation = std::uint32_t;

// One objective, to be minimised. Completed trials by value, then pruned ones by how far they got,
// then by value; ties go to the older.
class SingleSplit {
 public:
  void add_complete(double value);
  void add_pruned(std::int64_t step, double value);
  void add_pruned_without_value() { add({1.0, 0.0}); }

  // The good set, oldest first.
  const std::vector<Observation>& good() const { return good_; }

 private:
  struct Key {
    double step, value;
    bool operator<(const Key& other) const {
      return std::tie(step, value) < std::tie(other.step, other.value);
    }
  };
  struct Entry {
    Key key;
    Observation observation;
  };

  void add(Key key);

  std::size_t count_ = 0;
  std::vector<Entry> best_;  // ascending, at most 25
  std::vector<Observation> good_;
};

using Point = std::vector<double>;  // objective values, to be minimised

// At least as good everywhere and better somewhere.
bool dominates(const Point& a, const Point& b);

// Volume between the points and the reference. Two objectives: one sweep; more: the recursion of
// While, Bradstreet and Barone ("A fast way of calculating exact hypervolumes", 2012).
double hypervolume(std::vector<Point> points, const Point& reference);

// Several objectives.
class ParetoSplit {
 public:
  void add(const Point& point);

  // The good set, rank by rank, and the weight of each: its share of the hypervolume.
  const std::vector<Observation>& good() const { return good_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  // Trials with the same values share one entry.
  struct Entry {
    Point point;
    std::vector<Observation> observations;  // oldest first
  };
  using Rank = std::vector<Entry>;

  // Puts an entry into its rank; what it dominates there moves down a rank, and so on. Ranks beyond
  // 25 are dropped: each rank above holds a trial, so they never come to be chosen.
  // Returns the first rank that changed.
  std::size_t insert(Entry entry);
  void choose();

  // Greedy subset selection by hypervolume: again and again the trial that adds most to what is
  // chosen, the older of equals. What a trial adds only shrinks, so an entry's last known gain
  // bounds its present one and most need no second look.
  std::vector<std::pair<Observation, const Point*>> cut(const Rank& rank, std::size_t wanted) const;

  // What the hypervolume loses without the trial, relative to the largest loss.
  void weigh(const std::vector<Point>& points);

  std::size_t count_ = 0;
  std::vector<Rank> ranks_;
  std::size_t last_rank_ = 0;  // ranks from here on are not among the good ones
  std::vector<Observation> good_;
  std::vector<double> weights_;
};

}  // namespace search_strategies
