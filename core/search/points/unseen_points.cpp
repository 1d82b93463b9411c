#include "core/search/points/unseen_points.hpp"

#include "core/search/points/point.hpp"
#include "core/tensor/random.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {

// Numbers of one trial, one after the other.
struct UnseenPoints::Draws {
  std::uint64_t seed;
  std::uint64_t stream;
  std::uint64_t counter = 0;
  double next() {
    double u = 0;
    uniform(seed, stream, counter++, {&u, 1});
    return u;
  }
  std::size_t below(std::size_t count) {
    return std::min(count - 1, static_cast<std::size_t>(next() * static_cast<double>(count)));
  }
};

UnseenPoints::UnseenPoints(const SearchSpace& space, std::uint64_t seed)
    : space_(space), seed_(seed), counts_(space.point_counts()) {}

void UnseenPoints::add(std::span<const double> point, std::uint64_t trial) {
  if (!says_all(space_, point)) return;
  if (seen_.add(point, trial) && tree_) tree_->add(point);
}

std::vector<double> UnseenPoints::near(std::span<const double> point, std::uint64_t trial,
                                       const PointOf& point_of) {
  static const std::uint64_t stream = stream_of("unseen points");
  Draws draws{seed_, stream + trial};
  std::vector<double> found(point.begin(), point.end());
  if (change_one(found, draws)) return found;
  const bool countable = counts_ && counts_->total < kMostPoints;
  const bool sparse = !countable || seen_.size() < counts_->total / 2;
  if (sparse && change_some(found, draws)) return found;
  if (!countable) {
    while (!change_some(found, draws)) continue;
    return found;
  }
  if (!tree_) {
    tree_ = std::make_unique<VisitedTree>(space_, *counts_);
    SeenPoints added;
    for (std::uint64_t i = 0; i < trial; ++i) {
      const std::span<const double> earlier = point_of(i);
      if (says_all(space_, earlier) && added.add(earlier, i)) tree_->add(earlier);
    }
  }
  std::vector<double> start(point.size());
  uniform(seed_, stream + trial, draws.counter, start);
  found.assign(point.begin(), point.end());
  tree_->move_to_unvisited(found, start);
  return found;
}

void UnseenPoints::set(std::vector<double>& point, std::size_t parameter, double number,
                       Draws& draws) const {
  point[parameter] = number;
  for (std::size_t p = parameter + 1; p < point.size(); ++p) {
    const SearchParameter& other = space_.parameters[p];
    if (!other.condition.met(point)) {
      point[p] = std::nan("");
    } else if (std::isnan(point[p])) {
      point[p] = other.picked(draws.next());
    }
  }
}

bool UnseenPoints::change_one(std::vector<double>& point, Draws& draws) const {
  constexpr std::uint64_t kOfRange = 16;  // values that are tried of a parameter with many
  std::vector<std::pair<std::size_t, double>> changes;
  for (std::size_t p = 0; p < point.size(); ++p) {
    const SearchParameter& parameter = space_.parameters[p];
    if (std::isnan(point[p])) continue;
    const bool listed = !parameter.infinite() && parameter.count() <= kOfRange;
    for (std::uint64_t i = 0; i < (listed ? parameter.count() : kOfRange); ++i)
      changes.emplace_back(p, listed ? parameter.at(i) : parameter.picked(draws.next()));
  }
  for (std::size_t left = changes.size(); left > 0; --left) {
    std::swap(changes[draws.below(left)], changes[left - 1]);
    const auto& [parameter, number] = changes[left - 1];
    if (number == point[parameter]) continue;
    std::vector<double> changed = point;
    set(changed, parameter, number, draws);
    if (seen(changed)) continue;
    point = std::move(changed);
    return true;
  }
  return false;
}

// Changes more and more of them, and at last all.
bool UnseenPoints::change_some(std::vector<double>& point, Draws& draws) const {
  constexpr std::size_t kTries = 64;
  for (std::size_t i = 1; i <= kTries; ++i) {
    std::vector<double> changed = point;
    const std::size_t changes = 1 + i * point.size() / kTries;
    for (std::size_t k = 0; k < changes; ++k) {
      const std::size_t p = draws.below(point.size());
      if (!std::isnan(changed[p]))
        set(changed, p, space_.parameters[p].picked(draws.next()), draws);
    }
    if (seen(changed)) continue;
    point = std::move(changed);
    return true;
  }
  return false;
}

}  // namespace lathe
