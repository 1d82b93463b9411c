// The trials of three objectives or more in ranks of non-domination, and the greedy choice of a few
// of a rank by hypervolume. Both read a whole rank, which may be every trial there is; so that a
// trial costs no more after many, the choice looks at kMostCandidates of a rank at the most.
#pragma once

#include "../column.hpp"
#include "hypervolume.hpp"

namespace search_strategies {

class Fronts {
 public:
  // `most`: as of Staircases.
  explicit Fronts(std::size_t most) : most_(most) {}

  // Puts a trial into its rank; what it dominates there moves down a rank, and so on. Returns the
  // first rank that changed.
  std::size_t insert(const Point& point, Observation o);

  std::size_t ranks() const { return ranks_.size(); }
  std::size_t count(std::size_t rank) const;
  void members(std::size_t rank, std::vector<Observation>& out) const;
  // As of Staircases, the older of equal gains. Of more than kMostCandidates, every second, fourth,
  // ... that told is looked at, which keeps to the same ones while a rank grows.
  // REQUIRES: wanted < count(rank).
  void choose(std::size_t rank, std::size_t wanted, std::vector<Observation>& out) const;

  static constexpr std::size_t kMostCandidates = 512;

 private:
  // Trials with the same values share one entry.
  struct Entry {
    Point point;
    std::vector<Observation> observations;  // oldest first
  };
  using Rank = std::vector<Entry>;

  static std::vector<const Entry*> candidates(const Rank& rank, std::size_t wanted);

  std::size_t most_;
  std::vector<Rank> ranks_;
};

}  // namespace search_strategies
