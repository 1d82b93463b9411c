// The points of new trials: what the sampler suggests, and, where it repeats an earlier trial, what
// is near it and was not there yet. Knows nothing of workers and studies.
#pragma once

#include "core/search/plan/options.hpp"
#include "core/search/points/unseen_points.hpp"

namespace lathe {

// A function of the points of all trials with lower numbers and of what the sampler was told.
class Proposals {
 public:
  // REQUIRES: the arguments outlive it.
  Proposals(const SearchOptions& options, const SearchSpace& space, Sampler& sampler);

  // The point of a trial that nobody asked for; nothing: there is none.
  std::optional<std::vector<double>> propose(std::uint64_t trial,
                                             const UnseenPoints::PointOf& point_of);
  // That of a trial of which somebody fixed some numbers, the others are NaN. It may be one that
  // was there already.
  std::vector<double> complete(std::uint64_t trial, const std::vector<double>& fixed);
  // Tells the point that a trial has, and gives the first trial that had it, if there was one
  // before. REQUIRES: called in number order, once for each.
  std::optional<std::uint64_t> began(std::uint64_t trial, std::span<const double> point);

 private:
  std::optional<std::vector<double>> suggested(std::uint64_t trial, std::uint64_t attempt);

  const SearchOptions& options_;
  const SearchSpace& space_;
  Sampler& sampler_;
  UnseenPoints points_;
};

}  // namespace lathe
