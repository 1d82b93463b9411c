#include "fronts.hpp"

namespace search_strategies {

std::size_t Fronts::insert(const Point& point, Observation o) {
  std::size_t rank = 0;
  for (; rank < ranks_.size(); ++rank) {
    bool dominated = false;
    for (Entry& other : ranks_[rank]) {
      if (other.point == point) {
        other.observations.push_back(o);
        return rank;
      }
      if ((dominated = dominates(other.point, point))) break;
    }
    if (!dominated) break;
  }
  const std::size_t first = rank;
  std::vector<Entry> coming;
  coming.push_back({point, {o}});
  for (; !coming.empty() && (most_ == 0 || rank < most_); ++rank) {
    if (rank == ranks_.size()) ranks_.emplace_back();
    Rank& here = ranks_[rank];
    const auto goes = std::stable_partition(here.begin(), here.end(), [&](const Entry& other) {
      return std::none_of(coming.begin(), coming.end(),
                          [&](const Entry& entry) { return dominates(entry.point, other.point); });
    });
    std::vector<Entry> displaced(std::make_move_iterator(goes),
                                 std::make_move_iterator(here.end()));
    here.erase(goes, here.end());
    for (Entry& entry : coming) here.push_back(std::move(entry));
    coming = std::move(displaced);
  }
  return first;
}

std::size_t Fronts::count(std::size_t rank) const {
  std::size_t count = 0;
  for (const Entry& entry : ranks_[rank]) count += entry.observations.size();
  return count;
}

void Fronts::members(std::size_t rank, std::vector<Observation>& out) const {
  for (const Entry& entry : ranks_[rank])
    out.insert(out.end(), entry.observations.begin(), entry.observations.end());
}

std::vector<const Fronts::Entry*> Fronts::candidates(const Rank& rank, std::size_t wanted) {
  std::size_t stride = 1;
  while (rank.size() / stride > std::max(kMostCandidates, 2 * wanted)) stride *= 2;
  std::vector<const Entry*> result;
  for (const Entry& entry : rank)
    if (entry.observations.front() % stride == 0) result.push_back(&entry);
  if (result.size() >= wanted) return result;
  result.clear();
  for (const Entry& entry : rank) result.push_back(&entry);
  return result;
}

void Fronts::choose(std::size_t rank, std::size_t wanted, std::vector<Observation>& out) const {
  std::vector<Point> points;
  for (const Entry& entry : ranks_[rank]) points.push_back(entry.point);
  const Point reference = reference_point(points);

  // What an entry adds only shrinks as others are chosen, so what it added once bounds it; and so
  // does what it adds beside the newest of the chosen alone.
  struct Candidate {
    const Entry* entry;
    double whole, bound;
  };
  std::vector<Candidate> left;
  for (const Entry* entry : candidates(ranks_[rank], wanted)) {
    const double volume = box(entry->point, reference);
    left.push_back({entry, volume, volume});
  }
  const auto exact = [&](const Candidate& candidate, const std::vector<Point>& chosen) {
    std::vector<Point> shared = chosen;
    for (Point& other : shared)
      for (std::size_t i = 0; i < other.size(); ++i)
        other[i] = std::max(other[i], candidate.entry->point[i]);
    return candidate.whole - hypervolume(std::move(shared), reference);
  };
  const auto older = [](const Candidate& a, const Candidate& b) {
    return a.entry->observations.front() < b.entry->observations.front();
  };
  std::vector<Point> chosen;
  std::size_t missing = wanted;
  for (; missing > 0 && !left.empty(); --missing) {
    std::sort(left.begin(), left.end(), [&](const Candidate& a, const Candidate& b) {
      return a.bound != b.bound ? a.bound > b.bound : older(a, b);
    });
    std::size_t best = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (i > 0 && left[i].bound < left[best].bound) break;
      left[i].bound = exact(left[i], chosen);
      if (i > 0 && (left[i].bound > left[best].bound ||
                    (left[i].bound == left[best].bound && older(left[i], left[best]))))
        best = i;
    }
    const Entry* entry = left[best].entry;
    out.push_back(entry->observations.front());
    chosen.push_back(entry->point);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    for (Candidate& other : left) {
      double shared = 1;
      for (std::size_t i = 0; i < reference.size(); ++i)
        shared *= reference[i] - std::max(entry->point[i], other.entry->point[i]);
      other.bound = std::min(other.bound, other.whole - shared);
    }
  }
  std::vector<Observation> repeats;
  for (const Entry& entry : ranks_[rank])
    repeats.insert(repeats.end(), entry.observations.begin() + 1, entry.observations.end());
  std::sort(repeats.begin(), repeats.end());
  out.insert(out.end(), repeats.begin(),
             repeats.begin() + static_cast<std::ptrdiff_t>(std::min(missing, repeats.size())));
}

}  // namespace search_strategies
