#include "good_trials.hpp"

#include <numeric>
#include <tuple>

namespace search_strategies {

namespace {

enum Kind { kCompleted, kInfinite, kPruned, kViolating, kPrunedUnchecked };

std::variant<Staircases, Fronts> no_ranks(std::size_t objectives, std::size_t most,
                                          bool older_first) {
  if (objectives <= 2) return Staircases(most, older_first);
  return Fronts(most);
}

}  // namespace

bool GoodTrials::Other::operator<(const Other& other) const {
  return std::tie(kind, first, second, observation) <
         std::tie(other.kind, other.first, other.second, other.observation);
}

GoodTrials::GoodTrials(std::size_t objectives, bool capped, bool optuna31, bool constrained)
    : several_(objectives > 1),
      capped_(capped),
      optuna31_(optuna31),
      constrained_(constrained),
      ranks_(no_ranks(objectives, capped ? kMost : 0, optuna31)) {}

std::size_t GoodTrials::wanted() const {
  const std::size_t tenth = (count_ + 9) / 10;
  return capped_ ? std::min(tenth, kMost) : tenth;
}

GoodTrials::Other GoodTrials::other(Observation o, const Result& result) const {
  if (result.violation > 0) return {kViolating, result.violation, 0, o};
  if (result.complete) {
    if (several_) return {kInfinite, 0, 0, o};  // it has no volume
    return {kCompleted, result.values[0], 0, o};
  }
  const Kind kind = optuna31_ && constrained_ ? kPrunedUnchecked : kPruned;
  if (result.values.empty()) return {kind, 1, 0, o};
  const double value = result.values[0];
  return {kind, -static_cast<double>(result.step),
          std::isnan(value) ? std::numeric_limits<double>::infinity() : value, o};
}

void GoodTrials::add(Observation o, const Result& result) {
  const std::size_t wanted_before = wanted();
  ++count_;
  const bool finite = std::all_of(result.values.begin(), result.values.end(),
                                  [](double x) { return std::isfinite(x); });
  bool changed = wanted() != wanted_before;
  if (several_ && result.complete && finite && result.violation <= 0) {
    changed |= insert(o, result.values);
  } else {
    const Other entry = other(o, result);
    const auto place = std::upper_bound(others_.begin(), others_.end(), entry);
    changed |= static_cast<std::size_t>(place - others_.begin()) < wanted();
    others_.insert(place, entry);
    // What is not among the best 25 now never will be.
    if (capped_ && others_.size() > kMost) others_.pop_back();
  }
  if (changed) choose();
}

bool GoodTrials::insert(Observation o, const Point& point) {
  ++ranked_;
  if (optuna31_) {
    points_.resize(o + std::size_t{1});
    points_[o] = point;
  }
  const std::size_t first = std::visit(
      [&](auto& ranks) {
        if constexpr (std::is_same_v<decltype(ranks), Fronts&>)
          return ranks.insert(point, o);
        else
          return ranks.insert(point[0], point[1], o);
      },
      ranks_);
  return first <= last_rank_;
}

void GoodTrials::choose() {
  good_.clear();
  const std::size_t size = wanted();
  choose_from_ranks(std::min(size, ranked_));
  for (std::size_t i = 0; good_.size() < size && i < others_.size(); ++i)
    good_.push_back(others_[i].observation);
  std::sort(good_.begin(), good_.end());
  weights_.assign(good_.size(), 1.0);
  if (several_ && optuna31_) weigh();
}

void GoodTrials::choose_from_ranks(std::size_t size) {
  std::visit(
      [&](auto& ranks) {
        for (last_rank_ = 0; last_rank_ < ranks.ranks() && good_.size() < size; ++last_rank_) {
          if (good_.size() + ranks.count(last_rank_) <= size) {
            ranks.members(last_rank_, good_);
          } else {
            ranks.choose(last_rank_, size - good_.size(), good_);
          }
        }
      },
      ranks_);
}

// What the volume loses without the trial, relative to the largest loss; hardly anything for those
// that are in no rank.
void GoodTrials::weigh() {
  constexpr double kLeast = 1e-12;
  const auto ranked = [&](Observation o) { return o < points_.size() && !points_[o].empty(); };
  std::vector<Point> points;
  for (Observation o : good_)
    if (ranked(o)) points.push_back(points_[o]);
  std::vector<double> losses;
  if (points.size() == 1) losses = {1.0};
  if (points.size() > 1) {
    const Point reference = reference_point(points);
    const double all = hypervolume(points, reference);
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::vector<Point> others = points;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      losses.push_back(all - hypervolume(std::move(others), reference) + kLeast);
    }
    const double most = *std::max_element(losses.begin(), losses.end());
    for (double& loss : losses) loss = std::clamp(loss / most, 1e-300, 1.0);
  }
  auto loss = losses.begin();
  for (std::size_t i = 0; i < good_.size(); ++i) weights_[i] = ranked(good_[i]) ? *loss++ : kLeast;
}

}  // namespace search_strategies
