#include "staircase.hpp"

#include "hypervolume.hpp"

#include <queue>

namespace search_strategies {

namespace {

bool left_of(const Step& step, double x) { return step.x < x; }

// Whether a step of the staircase is at least as good as (x, y) in both objectives.
bool covers(const std::vector<Step>& steps, double x, double y) {
  auto after = std::upper_bound(steps.begin(), steps.end(), x,
                                [](double value, const Step& step) { return value < step.x; });
  return after != steps.begin() && (after - 1)->y <= y;
}

bool is_step(const std::vector<Step>& steps, double x, double y, std::size_t& at) {
  const auto found = std::lower_bound(steps.begin(), steps.end(), x, left_of);
  at = static_cast<std::size_t>(found - steps.begin());
  return found != steps.end() && found->x == x && found->y == y;
}

// Merges `coming` into the staircase and returns what it dominates there.
std::vector<Step> merge(std::vector<Step>& steps, const std::vector<Step>& coming) {
  const auto first = std::lower_bound(steps.begin(), steps.end(), coming.front().x, left_of);
  const auto last = std::partition_point(
      first, steps.end(), [&](const Step& step) { return step.y >= coming.back().y; });
  std::vector<Step> here, displaced;
  auto next = coming.begin();
  for (auto old = first; old != last; ++old) {
    while (next != coming.end() && next->x <= old->x) here.push_back(*next++);
    // The last that came before it has the least y of those that could dominate it.
    const bool goes = next != coming.begin() && (next - 1)->y <= old->y;
    (goes ? displaced : here).push_back(*old);
  }
  here.insert(here.end(), next, coming.end());
  const auto room = static_cast<std::size_t>(last - first);
  const std::size_t kept = std::min(room, here.size());
  const auto at = std::copy(here.begin(), here.begin() + static_cast<std::ptrdiff_t>(kept), first);
  if (here.size() > room) {
    steps.insert(at, here.begin() + static_cast<std::ptrdiff_t>(kept), here.end());
  } else {
    steps.erase(at, last);
  }
  return displaced;
}

}  // namespace

std::size_t Staircases::insert(double x, double y, Observation o) {
  const auto place = std::partition_point(ranks_.begin(), ranks_.end(), [&](const Rank& rank) {
    std::size_t at = 0;
    return covers(rank.steps, x, y) && !is_step(rank.steps, x, y, at);
  });
  const auto first = static_cast<std::size_t>(place - ranks_.begin());
  if (most_ > 0 && first >= most_) return first;
  std::size_t at = 0;
  if (first < ranks_.size() && is_step(ranks_[first].steps, x, y, at)) {
    repeats_[ranks_[first].steps[at].observation].push_back(o);
    ++ranks_[first].repeats;
    return first;
  }
  std::vector<Step> coming = {{x, y, o}};
  std::size_t repeats_coming = 0;
  for (std::size_t rank = first; !coming.empty() && (most_ == 0 || rank < most_); ++rank) {
    if (rank == ranks_.size()) ranks_.emplace_back();
    Rank& here = ranks_[rank];
    std::vector<Step> displaced = merge(here.steps, coming);
    std::size_t going = 0;
    if (here.repeats > 0)
      for (const Step& step : displaced)
        if (const auto found = repeats_.find(step.observation); found != repeats_.end())
          going += found->second.size();
    here.repeats += repeats_coming - going;
    repeats_coming = going;
    if (rank == known_rank_) remember(coming, displaced);
    coming = std::move(displaced);
  }
  return first;
}

std::size_t Staircases::count(std::size_t rank) const {
  return ranks_[rank].steps.size() + ranks_[rank].repeats;
}

void Staircases::members(std::size_t rank, std::vector<Observation>& out) const {
  for (const Step& step : ranks_[rank].steps) {
    out.push_back(step.observation);
    if (ranks_[rank].repeats == 0) continue;
    if (const auto found = repeats_.find(step.observation); found != repeats_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  }
}

void Staircases::choose(std::size_t rank, std::size_t wanted, std::vector<Observation>& out) {
  const Rank& here = ranks_[rank];
  const Point reference = reference_point({{here.steps.back().x, here.steps.front().y}});
  if (rank != known_rank_ || reference[0] != known_x_ || reference[1] != known_y_) known_.clear();
  known_rank_ = rank, known_x_ = reference[0], known_y_ = reference[1];

  const auto worse = [this](const Part* a, const Part* b) {
    return b->gain > a->gain || (b->gain == a->gain && better(b->gain, b->best, *a));
  };
  std::priority_queue<const Part*, std::vector<const Part*>, decltype(worse)> parts(worse);
  constexpr double lowest = -std::numeric_limits<double>::infinity();
  used_.clear();
  parts.push(&part(here.steps, lowest, reference[1], reference[0]));
  std::size_t left = wanted;
  for (; left > 0 && parts.top()->gain >= 0; --left) {
    const Part chosen = *parts.top();
    parts.pop();
    const Step& step = chosen.best;
    out.push_back(step.observation);
    parts.push(&part(here.steps, chosen.left_x, chosen.left_y, step.x));
    parts.push(&part(here.steps, step.x, step.y, chosen.right_x));
  }
  known_.swap(used_);
  if (left == 0) return;
  std::vector<Observation> repeats;
  for (const Step& step : here.steps)
    if (const auto found = repeats_.find(step.observation); found != repeats_.end())
      repeats.insert(repeats.end(), found->second.begin(), found->second.end());
  std::sort(repeats.begin(), repeats.end());
  out.insert(out.end(), repeats.begin(),
             repeats.begin() + static_cast<std::ptrdiff_t>(std::min(left, repeats.size())));
}

bool Staircases::better(double gain, const Step& step, const Part& than) const {
  if (gain != than.gain) return gain > than.gain;
  return older_first_ ? step.observation < than.best.observation : step.x < than.best.x;
}

Staircases::Part Staircases::scan(const std::vector<Step>& steps, Part part) const {
  auto step = std::upper_bound(steps.begin(), steps.end(), part.left_x,
                               [](double x, const Step& s) { return x < s.x; });
  const auto end = std::lower_bound(step, steps.end(), part.right_x, left_of);
  for (; step != end; ++step) {
    const double gain = (part.right_x - step->x) * (part.left_y - step->y);
    if (gain >= part.gain && better(gain, *step, part)) part.best = *step, part.gain = gain;
  }
  return part;
}

const Staircases::Part& Staircases::part(const std::vector<Step>& steps, double left_x,
                                         double left_y, double right_x) {
  const auto known = known_.find({left_x, right_x});
  return used_
      .emplace(std::pair(left_x, right_x),
               known != known_.end() ? known->second
                                     : scan(steps, {left_x, left_y, right_x, {0, 0, 0}, -1.0}))
      .first->second;
}

void Staircases::remember(const std::vector<Step>& added, const std::vector<Step>& removed) {
  constexpr std::size_t kFew = 16;  // more are found anew sooner than compared
  if (added.size() + removed.size() > kFew) known_.clear();
  for (auto it = known_.begin(); it != known_.end();) {
    Part& part = it->second;
    const bool lost = std::any_of(removed.begin(), removed.end(), [&](const Step& step) {
      return step.x == part.left_x || step.x == part.right_x ||
             (part.gain >= 0 && step.x == part.best.x);
    });
    if (lost) {
      it = known_.erase(it);
      continue;
    }
    for (const Step& step : added) {
      if (step.x <= part.left_x || step.x >= part.right_x) continue;
      const double gain = (part.right_x - step.x) * (part.left_y - step.y);
      if (better(gain, step, part)) part.best = step, part.gain = gain;
    }
    ++it;
  }
}

}  // namespace search_strategies
