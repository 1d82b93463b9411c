// Optuna's successive halving (optuna/pruners/_successive_halving.py). Steps are epochs, counted
// from 0.
#include "core/search/plan/halving.hpp"
#include "core/search/plan/pruner_rows.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {

bool Halving::prune(Trial& trial, std::span<const Trial* const> told) const {
  const auto [step, value] = trial.intermediates.back();
  for (;;) {
    const std::size_t rung = trial.rungs.size();
    const double promotion =
        static_cast<double>(min_resource) *
        std::pow(static_cast<double>(reduction_factor),
                 static_cast<double>(min_early_stopping_rate) + static_cast<double>(rung));
    if (static_cast<double>(step) < promotion) return false;
    if (std::isnan(value)) return true;
    trial.rungs.push_back(value);
    std::vector<double> competing{value};
    for (const Trial* other : told)
      if (other->rungs.size() > rung) competing.push_back(other->rungs[rung]);
    if (static_cast<std::int64_t>(competing.size()) <= bootstrap_count) return true;
    if (!promotable(value, competing)) return true;
  }
}

// Among the best 1 / reduction_factor of those at its rung; while they are fewer, the best.
bool Halving::promotable(double value, std::vector<double>& competing) const {
  const std::size_t share = competing.size() / static_cast<std::size_t>(reduction_factor);
  const std::size_t last = share == 0 ? 0 : share - 1;
  std::sort(competing.begin(), competing.end(),
            [&](double a, double b) { return better(direction, a, b); });
  return !better(direction, competing[last], value);
}

namespace {

Option min_resource_option() {
  Option option =
      integer_option("min_resource", "1..", 1,
                     "The step of the first rung; NA or auto: a hundredth of the steps of "
                     "completed trials, at least 1.");
  option.flags = LATHE_OPTION_FLAG_NULLABLE;
  option.default_value = Value();
  return option;
}

class HalvingPruner final : public Pruner {
 public:
  HalvingPruner(const Value& options, lathe_direction direction)
      : bracket_{direction, 1, options.find("reduction_factor")->as_int(),
                 options.find("min_early_stopping_rate")->as_int(),
                 options.find("bootstrap_count")->as_int()} {
    const Value& resource = *options.find("min_resource");
    if (!resource.is_none()) min_resource_ = resource.as_int();
  }

  bool prune(Trial& trial, std::span<const Trial* const> told) const override {
    const std::optional<std::int64_t> resource =
        min_resource_ ? min_resource_ : estimated_resource(told);
    if (!resource) return false;
    Halving bracket = bracket_;
    bracket.min_resource = *resource;
    return bracket.prune(trial, told);
  }

 private:
  static std::optional<std::int64_t> estimated_resource(std::span<const Trial* const> told) {
    std::optional<std::int64_t> last;
    for (const Trial* other : told)
      if (other->state == TrialState::complete && !other->intermediates.empty())
        last = std::max(last.value_or(0), other->intermediates.back().step);
    if (last) last = std::max<std::int64_t>(*last / 100, 1);
    return last;
  }

  Halving bracket_;
  std::optional<std::int64_t> min_resource_;
};

}  // namespace

PrunerRow successive_halving_pruner() {
  return {
      "successive_halving",
      "At steps that grow by a factor, only the best of those that came so far go on.",
      {"pruner 'successive_halving'",
       {min_resource_option(),
        integer_option("reduction_factor", "2..", 4, "One of so many trials goes on at each rung."),
        integer_option("min_early_stopping_rate", "0..62", 0, "Rungs left out at the beginning."),
        integer_option("bootstrap_count", "0..", 0,
                       "Trials that end at a rung before any goes on from there."),
        watch_option()}},
      "min_resource",
      make_pruner<HalvingPruner>};
}

}  // namespace lathe
