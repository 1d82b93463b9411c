// Optuna's percentile pruner, and its median pruner, which is the one of 50 percent
// (optuna/pruners/_percentile.py). Steps are epochs, counted from 0.
#include "core/search/plan/pruner_rows.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

using Values = std::vector<StoredTrial::Intermediate>;

// NumPy's, by linear interpolation.
double percentile_of(const std::vector<double>& sorted, double percent) {
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(below);
  const double low = sorted[below];
  if (part == 0) return low;
  const double high = sorted[below + 1];
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

class PercentilePruner final : public Pruner {
 public:
  PercentilePruner(const Value& options, lathe_direction direction)
      : direction_(direction),
        percent_(percent_of(options, direction)),
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
    return better(direction_, percentile_of(others, percent_), *best);
  }

 private:
  // The part of the completed trials below the one to compare with.
  static double percent_of(const Value& options, lathe_direction direction) {
    const Value* given = options.find("percentile");
    const double kept = given == nullptr ? 50 : given->as_float();
    return direction == LATHE_DIRECTION_MAXIMIZE ? 100 - kept : kept;
  }
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
  double percent_;
  std::int64_t n_startup_trials_, n_warmup_steps_, interval_steps_, n_min_trials_;
};

std::vector<Option> common_options() {
  return {integer_option("n_startup_trials", "0..", 5,
                         "No trial is given up before so many completed."),
          integer_option("n_warmup_steps", "0..", 0, "No trial is given up in its first steps."),
          integer_option("interval_steps", "1..", 1, "Steps from one check to the next."),
          integer_option("n_min_trials", "1..", 1,
                         "Completed trials that have to have reached a step for a comparison."),
          watch_option()};
}

Option percentile_option() {
  Option option;
  option.key = "percentile";
  option.type = LATHE_OPTION_FLOAT;
  option.flags = LATHE_OPTION_FLAG_REQUIRED;
  option.range = parse_range("0..100");
  option.doc = "The share of the completed trials, the best ones, that a trial has to be among.";
  return option;
}

}  // namespace

PrunerRow median_pruner() {
  return {
      "median",
      "Gives up a trial whose best value so far is worse than the median of the completed trials "
      "at the same step.",
      {"pruner 'median'", common_options()},
      "",
      make_pruner<PercentilePruner>};
}

PrunerRow percentile_pruner() {
  std::vector<Option> options = common_options();
  options.insert(options.begin(), percentile_option());
  return {"percentile",
          "Gives up a trial whose best value so far is not among the given share of the completed "
          "trials at the same step.",
          {"pruner 'percentile'", std::move(options)},
          "",
          make_pruner<PercentilePruner>};
}

}  // namespace lathe
