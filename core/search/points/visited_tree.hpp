// Which parts of a space are full: how many points were visited below each choice of each
// parameter, given those before it. Knows nothing of trials.
#pragma once

#include "core/search/points/seen_points.hpp"
#include "core/search/space/space.hpp"

#include <unordered_map>

namespace lathe {

// REQUIRES: the space outlives it and has fewer than kMostPoints points.
class VisitedTree {
 public:
  VisitedTree(const SearchSpace& space, PointCounts counts);

  // REQUIRES: the point was not added before.
  void add(std::span<const double> point);
  // Makes a point one that was not added: keeps each number that leaves some, else takes the
  // nearest that does. Numbers that the point lacks are sought from `start` on, a number of [0, 1)
  // per parameter. REQUIRES: some point is left.
  void move_to_unvisited(std::span<double> point, std::span<const double> start) const;

 private:
  // Points with that choice, of `with_any` with any of the parameter's.
  std::uint64_t with(std::size_t parameter, double number, std::uint64_t with_any) const;

  const SearchSpace& space_;
  const PointCounts counts_;
  std::unordered_map<PointHash, std::uint64_t> visited_;  // by what stands in a point until then
};

}  // namespace lathe
