// Points that no trial had yet. Knows nothing of samplers.
#pragma once

#include "core/search/points/visited_tree.hpp"

#include <functional>
#include <memory>

namespace lathe {

class UnseenPoints {
 public:
  // The points of the trials so far, with number 0, 1, ...
  using PointOf = std::function<std::span<const double>(std::uint64_t trial)>;

  // REQUIRES: the space outlives it.
  UnseenPoints(const SearchSpace& space, std::uint64_t seed);

  bool seen(std::span<const double> point) const { return seen_.contains(point); }
  // The trial that had the point first; nothing: none had it.
  std::optional<std::uint64_t> first_trial(std::span<const double> point) const {
    return seen_.first_trial(point);
  }
  // Counts the point of a trial as seen. One that is not whole is none.
  void add(std::span<const double> point, std::uint64_t trial);
  // Whether every point of the space was seen; exact also where parameters hang on others.
  bool none_left() const { return counts_ && seen_.size() >= counts_->total; }

  // An unseen point near a seen one: with another value of one parameter if there is such a point,
  // else of several. A function of the seed, the trial and what was seen. `point_of` gives the
  // points of the trials below this one. REQUIRES: !none_left().
  std::vector<double> near(std::span<const double> point, std::uint64_t trial,
                           const PointOf& point_of);

 private:
  struct Draws;
  bool change_one(std::vector<double>& point, Draws& draws) const;
  bool change_some(std::vector<double>& point, Draws& draws) const;
  void set(std::vector<double>& point, std::size_t parameter, double number, Draws& draws) const;

  const SearchSpace& space_;
  const std::uint64_t seed_;
  const std::optional<PointCounts> counts_;  // none: there is no end of points
  SeenPoints seen_;
  std::unique_ptr<VisitedTree> tree_;  // once a point was hard to find
};

}  // namespace lathe
