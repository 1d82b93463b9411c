// Optuna's median pruner (optuna/pruners/_percentile.py). Steps are epochs, counted from 0.
#include "core/search/plan/pruner_rows.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

using Values = std::vector<StoredTrial::Intermediate>;

// NumPy's percentile of sorted values by linear interpolation, for 50.
double median(const std::vector<double>& sorted) {
  const std::size_t last = sorted.size() - 1;
  const double low = sorted[last / 2];
  const double high = sorted[last - last / 2];
  return last % 2 == 0 ? low : high - (high - low) * 0.5;
}

class MedianPruner final : public Pruner {
 public:
  MedianPruner(const Value& options, lathe_direction direction)
      : direction_(direction),
        n_startup_trials_(options.find("n_startup_trials")->as_int()),
        n_warmup_steps_(options.find("n_warmup_steps")->as_int()),
        interval_steps_(options.find("interval_steps")->as_int()),
        n_min_trials_(options.find("n_min_trials")->as_int()) {}

  bool prune(Trial& trial, std::span<const Trial* const> told) const override {
    const Values& own = trial.intermediates;
    std::int64_t completed = 0;
    std::vector<double> others;
    std::int64_t found = 0;
    const std::int64_t step = own.back().step;
    for (const Trial* other : told) {
      if (other->state != TrialState::complete) continue;
      ++completed;
      for (const auto& value : other->intermediates) {
        if (value.step != step) continue;
        ++found;
        if (!std::isnan(value.value)) others.push_back(value.value);
      }
    }
    if (completed == 0 || completed < n_startup_trials_ || step < n_warmup_steps_) return false;
    if (!first_of_interval(own)) return false;
    const std::optional<double> best = best_of(own);
    if (!best) return true;
    if (found < n_min_trials_ || others.empty()) return false;
    std::sort(others.begin(), others.end());
    return better(direction_, median(others), *best);
  }

 private:
  // Once per interval: no earlier value lies in the same one.
  bool first_of_interval(const Values& own) const {
    const std::int64_t step = own.back().step;
    const std::int64_t begin =
        (step - n_warmup_steps_) / interval_steps_ * interval_steps_ + n_warmup_steps_;
    const std::int64_t before = own.size() > 1 ? own[own.size() - 2].step : -1;
    return before < begin;
  }
  std::optional<double> best_of(const Values& own) const {
    std::optional<double> best;
    for (const auto& value : own)
      if (!std::isnan(value.value) && (!best || better(direction_, value.value, *best)))
        best = value.value;
    return best;
  }

  lathe_direction direction_;
  std::int64_t n_startup_trials_, n_warmup_steps_, interval_steps_, n_min_trials_;
};

}  // namespace

PrunerRow median_pruner() {
  return {
      "median",
      "Gives up a trial whose best value so far is worse than the median of the completed trials "
      "at the same step.",
      {"pruner 'median'",
       {integer_option("n_startup_trials", "0..", 5,
                       "No trial is given up before so many completed."),
        integer_option("n_warmup_steps", "0..", 0, "No trial is given up in its first steps."),
        integer_option("interval_steps", "1..", 1, "Steps from one check to the next."),
        integer_option("n_min_trials", "1..", 1, "Trials that a step needs for a median."),
        watch_option()}},
      make_pruner<MedianPruner>};
}

}  // namespace lathe
