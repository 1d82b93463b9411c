#include "split.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace search_strategies {

namespace {

// Size of the good set after `n` trials.
std::size_t good_count(std::size_t n) { return std::min<std::size_t>((n + 9) / 10, kMostGood); }

double box(const Point& point, const Point& reference) {
  double volume = 1;
  for (std::size_t i = 0; i < point.size(); ++i) volume *= reference[i] - point[i];
  return volume;
}

// A tenth beyond the worst value of each objective.
template <typename Points>
Point reference_point(const Points& points) {
  Point worst = *points.begin();
  for (const Point& point : points)
    for (std::size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], point[i]);
  for (double& x : worst) {
    x = std::max(1.1 * x, 0.9 * x);
    if (x == 0) x = 1e-12;
  }
  return worst;
}

}  // namespace

void SingleSplit::add_complete(double value) {
  add({-std::numeric_limits<double>::infinity(), value});
}

void SingleSplit::add_pruned(std::int64_t step, double value) {
  add({-static_cast<double>(step),
       std::isnan(value) ? std::numeric_limits<double>::infinity() : value});
}

void SingleSplit::add(Key key) {
  const auto observation = static_cast<Observation>(count_++);
  const auto place = std::upper_bound(best_.begin(), best_.end(), key,
                                      [](const Key& a, const Entry& b) { return a < b.key; });
  best_.insert(place, {key, observation});
  // What is not among the best 25 now never will be.
  if (best_.size() > kMostGood) best_.pop_back();
  good_.clear();
  for (std::size_t i = 0; i < good_count(count_); ++i) good_.push_back(best_[i].observation);
  std::sort(good_.begin(), good_.end());
}

bool dominates(const Point& a, const Point& b) {
  bool strictly = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    strictly |= a[i] < b[i];
  }
  return strictly;
}

double hypervolume(std::vector<Point> points, const Point& reference) {
  if (points.empty()) return 0;
  std::sort(points.begin(), points.end());
  double volume = 0;
  if (reference.size() == 2) {
    double edge = reference[1];
    for (const Point& point : points) {
      if (point[1] >= edge) continue;
      volume += (reference[0] - point[0]) * (edge - point[1]);
      edge = point[1];
    }
    return volume;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<Point> limited(points.begin() + static_cast<std::ptrdiff_t>(i) + 1, points.end());
    for (Point& other : limited)
      for (std::size_t k = 0; k < other.size(); ++k) other[k] = std::max(other[k], points[i][k]);
    // Only what nobody else dominates counts; without this the recursion is exponential.
    std::vector<Point> front;
    for (const Point& candidate : limited) {
      const bool covered = std::any_of(front.begin(), front.end(), [&](const Point& f) {
        return f == candidate || dominates(f, candidate);
      });
      if (covered) continue;
      front.erase(std::remove_if(front.begin(), front.end(),
                                 [&](const Point& f) { return dominates(candidate, f); }),
                  front.end());
      front.push_back(candidate);
    }
    volume += box(points[i], reference) - hypervolume(std::move(front), reference);
  }
  return volume;
}

void ParetoSplit::add(const Point& point) {
  const auto observation = static_cast<Observation>(count_++);
  const std::size_t good_before = good_.size();
  // An infinite value has no hypervolume; such a trial is never among the good ones.
  const bool finite =
      std::all_of(point.begin(), point.end(), [](double x) { return std::isfinite(x); });
  const std::size_t changed = finite ? insert({point, {observation}}) : kMostGood;
  if (changed <= last_rank_ || good_count(count_) != good_before) choose();
}

std::size_t ParetoSplit::insert(Entry entry) {
  std::size_t rank = 0;
  for (; rank < ranks_.size(); ++rank) {
    bool dominated = false;
    for (Entry& other : ranks_[rank]) {
      if (other.point == entry.point) {
        other.observations.push_back(entry.observations.front());
        return rank;
      }
      if ((dominated = dominates(other.point, entry.point))) break;
    }
    if (!dominated) break;
  }
  const std::size_t first = rank;
  std::vector<Entry> moving;
  moving.push_back(std::move(entry));
  for (; !moving.empty() && rank < kMostGood; ++rank) {
    if (rank == ranks_.size()) ranks_.emplace_back();
    Rank& here = ranks_[rank];
    std::vector<Entry> displaced;
    auto keep = here.begin();
    for (Entry& other : here) {
      const bool goes = std::any_of(moving.begin(), moving.end(), [&](const Entry& m) {
        return dominates(m.point, other.point);
      });
      if (goes) {
        displaced.push_back(std::move(other));
      } else {
        if (&*keep != &other) *keep = std::move(other);
        ++keep;
      }
    }
    here.erase(keep, here.end());
    for (Entry& m : moving) here.push_back(std::move(m));
    moving = std::move(displaced);
  }
  return first;
}

void ParetoSplit::choose() {
  good_.clear();
  std::vector<Point> points;
  const std::size_t wanted = good_count(count_);
  for (last_rank_ = 0; last_rank_ < ranks_.size() && good_.size() < wanted; ++last_rank_) {
    const Rank& rank = ranks_[last_rank_];
    std::vector<std::pair<Observation, const Point*>> members;
    std::size_t size = 0;
    for (const Entry& entry : rank) size += entry.observations.size();
    if (good_.size() + size > wanted) {
      members = cut(rank, wanted - good_.size());
    } else {
      for (const Entry& entry : rank)
        for (Observation o : entry.observations) members.emplace_back(o, &entry.point);
      std::sort(members.begin(), members.end());
    }
    for (const auto& [observation, point] : members) {
      good_.push_back(observation);
      points.push_back(*point);
    }
  }
  weigh(points);
}

std::vector<std::pair<Observation, const Point*>> ParetoSplit::cut(const Rank& rank,
                                                                   std::size_t wanted) const {
  std::vector<Point> all;
  for (const Entry& entry : rank) all.push_back(entry.point);
  const Point reference = reference_point(all);
  struct Candidate {
    double gain;
    const Entry* entry;
    std::size_t chosen_then;  // how many were chosen when the gain was computed
    bool operator<(const Candidate& other) const {
      if (gain != other.gain) return gain < other.gain;
      return entry->observations.front() > other.entry->observations.front();
    }
  };
  std::vector<Candidate> heap;
  for (const Entry& entry : rank) heap.push_back({box(entry.point, reference), &entry, 0});
  std::make_heap(heap.begin(), heap.end());
  std::vector<std::pair<Observation, const Point*>> result;
  std::vector<Point> chosen;
  while (result.size() < wanted && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    Candidate best = heap.back();
    heap.pop_back();
    if (best.chosen_then == chosen.size()) {
      result.emplace_back(best.entry->observations.front(), &best.entry->point);
      chosen.push_back(best.entry->point);
      continue;
    }
    std::vector<Point> shared = chosen;
    for (Point& other : shared)
      for (std::size_t i = 0; i < other.size(); ++i)
        other[i] = std::max(other[i], best.entry->point[i]);
    best.gain = box(best.entry->point, reference) - hypervolume(std::move(shared), reference);
    best.chosen_then = chosen.size();
    heap.push_back(best);
    std::push_heap(heap.begin(), heap.end());
  }
  // Trials with the values of a chosen one add nothing: the oldest of them fill the rest.
  std::vector<std::pair<Observation, const Point*>> rest;
  for (const Entry& entry : rank)
    for (std::size_t i = 1; i < entry.observations.size() && i <= wanted; ++i)
      rest.emplace_back(entry.observations[i], &entry.point);
  std::sort(rest.begin(), rest.end());
  for (std::size_t i = 0; result.size() < wanted; ++i) result.push_back(rest[i]);
  return result;
}

void ParetoSplit::weigh(const std::vector<Point>& points) {
  weights_.assign(points.size(), 1.0);
  if (points.size() < 2) return;
  const Point reference = reference_point(points);
  const double all = hypervolume(points, reference);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<Point> others = points;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    weights_[i] = all - hypervolume(std::move(others), reference) + 1e-12;
  }
  const double most = *std::max_element(weights_.begin(), weights_.end());
  for (double& weight : weights_) weight = std::clamp(weight / most, 0.0, 1.0);
}

}  // namespace search_strategies
