#include "model.hpp"

namespace search_strategies {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A value further above the median of the first ones than this many times what the best of them is
// below it says no more than "bad": a loss that ran away would be all that squares see.
constexpr double kCapFactor = 10;
constexpr std::size_t kMostElites = 64;
constexpr int kStarts = 3;
// In deviations of the objective: what a violation of one deviation costs.
constexpr double kPenalty = 10;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

AdditiveModel::AdditiveModel(Space space, std::size_t constraints, std::uint64_t startup_trials)
    : space_(std::move(space)),
      objectives_(space_.directions.size()),
      constraints_(constraints),
      startup_trials_(std::max<std::uint64_t>(startup_trials, 1)),
      features_(space_),
      ridge_(features_.groups(), objectives_ + constraints_),
      caps_(objectives_ + constraints_, kInfinity),
      best_(objectives_, kInfinity),
      worst_(objectives_, -kInfinity) {}

void AdditiveModel::started(std::uint64_t trial, const double* values) {
  running_.push_back({trial, std::vector<double>(values, values + space_.parameters.size())});
}

void AdditiveModel::finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                             const double* violations, std::int64_t steps) {
  while (!running_.empty() && running_.front().trial < trial) running_.pop_front();
  if (running_.empty() || running_.front().trial != trial) return;
  Ended ended;
  ended.point = std::move(running_.front().point);
  running_.pop_front();
  if (state == LATHE_STATE_COMPLETE && values != nullptr) {
    for (std::size_t o = 0; o < objectives_; ++o) {
      const bool turned = space_.directions[o] == LATHE_DIRECTION_MAXIMIZE;
      ended.values.push_back(turned ? -values[o] : values[o]);
    }
    for (std::size_t c = 0; c < constraints_; ++c) {
      ended.values.push_back(violations == nullptr ? 0 : violations[c]);
    }
  }
  // An infinite value is no number to add up.
  if (!std::all_of(ended.values.begin(), ended.values.end(),
                   [](double x) { return std::isfinite(x); })) {
    ended.values.clear();
  }
  if (ended.values.empty()) ended.badness = badness(state, steps);
  ++told_;
  if (told_ < startup_trials_) {
    startup_.push_back(std::move(ended));
    return;
  }
  if (told_ == startup_trials_) {
    startup_.push_back(std::move(ended));
    set_caps();
    for (const Ended& each : startup_) learn(each);
    startup_.clear();
  } else {
    learn(ended);
  }
  set_targets();
  if (!ridge_.due()) return;
  std::vector<std::size_t> tuned(objectives_);
  for (std::size_t o = 0; o < objectives_; ++o) tuned[o] = o;
  ridge_.tune(tuned);
}

// Of a trial without values: 1 if it failed; if it was pruned, down to a half the further it came.
double AdditiveModel::badness(lathe_trial_state state, std::int64_t steps) {
  if (state != LATHE_STATE_PRUNED) return 1;
  longest_ = std::max(longest_, steps);
  if (longest_ <= 0) return 1;
  return 1 - 0.5 * static_cast<double>(std::max<std::int64_t>(steps, 0)) /
                 static_cast<double>(longest_);
}

void AdditiveModel::set_caps() {
  for (std::size_t o = 0; o < objectives_; ++o) {
    std::vector<double> known;
    for (const Ended& ended : startup_) {
      if (!ended.values.empty()) known.push_back(ended.values[o]);
    }
    if (known.size() < 3) continue;
    const double best = *std::min_element(known.begin(), known.end());
    const double middle = median(std::move(known));
    if (middle > best) caps_[o] = middle + kCapFactor * (middle - best);
  }
}

void AdditiveModel::learn(const Ended& ended) {
  const std::vector<Feature> row = features_.row(ended.point.data());
  if (ended.values.empty()) {
    ridge_.add(row, {nullptr, ended.badness});
    return;
  }
  std::vector<double> values = ended.values;
  for (std::size_t o = 0; o < values.size(); ++o) values[o] = std::min(values[o], caps_[o]);
  for (std::size_t o = 0; o < objectives_; ++o) {
    best_[o] = std::min(best_[o], values[o]);
    worst_[o] = std::max(worst_[o], values[o]);
  }
  ridge_.add(row, {values.data(), 0});
  keep_if_elite(ended);
}

// A failure counts as worse than every value.
void AdditiveModel::set_targets() {
  std::vector<double> targets(objectives_ + constraints_, 0.0);
  for (std::size_t o = 0; o < objectives_; ++o) {
    const bool known = best_[o] <= worst_[o];
    const double spread = known ? worst_[o] - best_[o] : 0;
    const double least = known ? std::max(1e-3 * std::abs(worst_[o]), 1e-12) : 1;
    targets[o] = (known ? worst_[o] - ridge_.mean(o) : 0) + std::max(0.1 * spread, least);
  }
  ridge_.set_targets(std::move(targets));
}

void AdditiveModel::keep_if_elite(const Ended& ended) {
  // Less violation first; then what is better in nothing has to go.
  const auto violation = [&](const std::vector<double>& values) {
    double sum = 0;
    for (std::size_t c = objectives_; c < values.size(); ++c) sum += std::max(0.0, values[c]);
    return sum;
  };
  const double own = violation(ended.values);
  const auto no_better = [&](const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t o = 0; o < objectives_; ++o) {
      if (a[o] < b[o]) return false;
    }
    return true;
  };
  for (const Elite& elite : elites_) {
    const double other = violation(elite.values);
    if (other < own || (other == own && no_better(ended.values, elite.values))) return;
  }
  elites_.erase(std::remove_if(elites_.begin(), elites_.end(),
                               [&](const Elite& elite) {
                                 return violation(elite.values) > own ||
                                        no_better(elite.values, ended.values);
                               }),
                elites_.end());
  if (elites_.size() == kMostElites) elites_.erase(elites_.begin());
  elites_.push_back({ended.point, ended.values});
}

// Random weights of the objectives, each in units of what its best is below its mean.
Scalarisation AdditiveModel::scalarisation(Draws& draws) const {
  Scalarisation result;
  for (std::size_t o = 0; o < objectives_; ++o) {
    const double best = std::isfinite(best_[o]) ? best_[o] - ridge_.mean(o) : 0;
    const double weight = objectives_ == 1 ? 1 : -std::log(1 - draws.uniform());
    result.best.push_back(best);
    result.weights.push_back(best < 0 ? weight / -best : weight);
  }
  for (std::size_t c = 0; c < constraints_; ++c) {
    const double deviation = ridge_.deviation(objectives_ + c);
    result.penalties.push_back(deviation > 0 ? kPenalty / deviation : kPenalty);
  }
  return result;
}

const std::vector<double>& AdditiveModel::start_for(const Scalarisation& scalarisation) const {
  const Elite* best = nullptr;
  double least = kInfinity;
  for (const Elite& elite : elites_) {
    std::vector<double> values = elite.values;
    for (std::size_t o = 0; o < objectives_; ++o) values[o] -= ridge_.mean(o);
    const double found = scalarisation(values.data());
    if (best == nullptr || found < least) best = &elite, least = found;
  }
  return best->point;
}

void AdditiveModel::suggest(std::uint64_t attempt, Draws& draws, double* values) const {
  const std::size_t size = space_.parameters.size();
  std::vector<double> best(size, kAbsent);
  if (starting_up()) {
    for (std::size_t p = 0; p < size; ++p) {
      if (space_.exists(p, best.data())) {
        best[p] = uniform_value(space_.parameters[p], draws.uniform());
      }
    }
    std::copy(best.begin(), best.end(), values);
    return;
  }
  // As wide as the posterior at most: most of many features matter little, and draws of them all
  // hide what is known of the few.
  const double scale = draws.uniform() + static_cast<double>(attempt) / 2;
  const auto normal = [&draws] { return draws.normal(); };
  std::vector<Coefficients> functions;
  for (std::size_t o = 0; o < objectives_ + constraints_; ++o) {
    functions.push_back(ridge_.draw(o, scale, normal));
    // Whether a constraint is met is a matter of its value, not of how it compares.
    if (o >= objectives_) functions.back()[0] += ridge_.mean(o);
  }
  const Scalarisation scalarisation = this->scalarisation(draws);
  Descent descent(space_, features_, functions, scalarisation);
  double least = kInfinity;
  for (int start = 0; start < kStarts; ++start) {
    std::vector<double> point(size, kAbsent);
    if (start == 0 && !elites_.empty()) point = start_for(scalarisation);
    const double found = descent.run(point, draws);
    if (start == 0 || found < least) least = found, best = std::move(point);
  }
  std::copy(best.begin(), best.end(), values);
}

}  // namespace search_strategies
