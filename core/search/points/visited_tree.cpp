#include "core/search/points/visited_tree.hpp"

#include <cmath>

namespace lathe {
namespace {

// The values of a domain from one on: the nearest ones first.
class FromNearest {
 public:
  FromNearest(std::uint64_t index, std::uint64_t count) : index_(index), count_(count) {}
  std::optional<std::uint64_t> next() {
    while (distance_ < count_) {
      const bool up = up_;
      up_ = !up;
      if (up) {
        if (index_ + distance_ < count_) return index_ + distance_;
      } else {
        const std::uint64_t down = distance_++;
        if (down > 0 && down <= index_) return index_ - down;
      }
    }
    return std::nullopt;
  }

 private:
  std::uint64_t index_, count_;
  std::uint64_t distance_ = 0;
  bool up_ = true;
};

std::uint64_t index_of(const Domain& domain, double number, double start) {
  const std::uint64_t count = domain.count();
  if (std::isnan(number))
    return std::min(count - 1, static_cast<std::uint64_t>(start * static_cast<double>(count)));
  if (domain.categorical()) return static_cast<std::uint64_t>(number);
  return static_cast<std::uint64_t>(std::llround((number - domain.low) / domain.step));
}

}  // namespace

VisitedTree::VisitedTree(const SearchSpace& space, PointCounts counts)
    : space_(space), counts_(std::move(counts)) {}

void VisitedTree::add(std::span<const double> point) {
  PointHash until;
  for (std::size_t p = 0; p < point.size(); ++p) {
    const SearchParameter& parameter = space_.parameters[p];
    if (!parameter.condition.met(point) || parameter.count() == 1) continue;
    until.add(p, point[p]);
    ++visited_[until];
  }
}

std::uint64_t VisitedTree::with(std::size_t parameter, double number,
                                std::uint64_t with_any) const {
  const auto& because = counts_.because_of[parameter];
  const auto found = because.find(number);
  return with_any / counts_.of[parameter] * (found == because.end() ? 1 : found->second);
}

void VisitedTree::move_to_unvisited(std::span<double> point, std::span<const double> start) const {
  PointHash until;
  std::uint64_t below = counts_.total;
  for (std::size_t p = 0; p < point.size(); ++p) {
    const SearchParameter& parameter = space_.parameters[p];
    if (!parameter.condition.met(point)) {
      point[p] = std::nan("");
      continue;
    }
    const std::uint64_t count = parameter.count();
    FromNearest values(index_of(parameter, point[p], start[p]), count);
    while (const std::optional<std::uint64_t> index = values.next()) {
      point[p] = parameter.at(*index);
      const std::uint64_t points = with(p, point[p], below);
      PointHash further = until;
      if (count > 1) further.add(p, point[p]);
      const auto visited = visited_.find(further);
      const bool full = count > 1 && visited != visited_.end() && visited->second >= points;
      if (full) continue;
      until = further;
      below = points;
      break;
    }
  }
}

}  // namespace lathe
