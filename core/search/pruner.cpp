// Optuna's median and successive halving pruners (optuna/pruners/_percentile.py and
// _successive_halving.py). Steps are epochs, counted from 0.
#include "core/search/pruner.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

using Values = std::vector<StoredTrial::Intermediate>;

Option integer(std::string key, std::string_view range, std::int64_t standard, std::string doc) {
  Option option;
  option.key = std::move(key);
  option.type = LATHE_OPTION_INT;
  option.range = parse_range(range);
  option.default_value = Value(standard);
  option.doc = std::move(doc);
  return option;
}

Option watch_option() {
  Option option;
  option.key = "watch";
  option.type = LATHE_OPTION_STRING;
  option.flags = LATHE_NULLABLE;
  option.doc =
      "What is compared: validation_loss or validation_accuracy of each epoch, or a metric, for "
      "which the runners run after each epoch. By default the first metric if it is loss or "
      "accuracy, as the epoch's validation has it; else validation_loss.";
  return option;
}

Option min_resource_option() {
  Option option = integer("min_resource", "1..", 1,
                          "The step of the first rung; NA or auto: a hundredth of the steps of "
                          "completed trials, at least 1.");
  option.flags = LATHE_NULLABLE;
  option.default_value = Value();
  return option;
}

bool better(lathe_direction direction, double a, double b) {
  return direction == LATHE_MAXIMIZE ? a > b : a < b;
}

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

// Li et al., "A system for massively parallel hyperparameter tuning" (asynchronous successive
// halving), 2018, without resuming what was stopped.
class HalvingPruner final : public Pruner {
 public:
  HalvingPruner(const Value& options, lathe_direction direction)
      : direction_(direction),
        reduction_factor_(options.find("reduction_factor")->as_int()),
        min_early_stopping_rate_(options.find("min_early_stopping_rate")->as_int()),
        bootstrap_count_(options.find("bootstrap_count")->as_int()) {
    const Value& resource = *options.find("min_resource");
    if (!resource.is_none()) min_resource_ = resource.as_int();
  }

  bool prune(Trial& trial, std::span<const Trial* const> told) const override {
    const std::optional<std::int64_t> resource =
        min_resource_ ? min_resource_ : estimated_resource(told);
    if (!resource) return false;
    const auto [step, value] = trial.intermediates.back();
    for (;;) {
      const std::size_t rung = trial.rungs.size();
      const double promotion =
          static_cast<double>(*resource) *
          std::pow(static_cast<double>(reduction_factor_),
                   static_cast<double>(min_early_stopping_rate_) + static_cast<double>(rung));
      if (static_cast<double>(step) < promotion) return false;
      if (std::isnan(value)) return true;
      trial.rungs.push_back(value);
      std::vector<double> competing{value};
      for (const Trial* other : told)
        if (other->rungs.size() > rung) competing.push_back(other->rungs[rung]);
      if (static_cast<std::int64_t>(competing.size()) <= bootstrap_count_) return true;
      if (!promotable(value, competing)) return true;
    }
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
  // Among the best 1 / reduction_factor of those at its rung; while they are fewer, the best.
  bool promotable(double value, std::vector<double>& competing) const {
    const std::size_t share = competing.size() / static_cast<std::size_t>(reduction_factor_);
    const std::size_t last = share == 0 ? 0 : share - 1;
    std::sort(competing.begin(), competing.end(),
              [&](double a, double b) { return better(direction_, a, b); });
    return !better(direction_, competing[last], value);
  }

  lathe_direction direction_;
  std::int64_t reduction_factor_, min_early_stopping_rate_, bootstrap_count_;
  std::optional<std::int64_t> min_resource_;
};

struct Row {
  PrunerRow shown;
  std::unique_ptr<Pruner> (*make)(const Value& options, lathe_direction direction);
};

template <typename Made>
std::unique_ptr<Pruner> make(const Value& options, lathe_direction direction) {
  return std::make_unique<Made>(options, direction);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{"median",
        "Gives up a trial whose best value so far is worse than the median of the completed trials "
        "at the same step.",
        {"pruner 'median'",
         {integer("n_startup_trials", "0..", 5, "No trial is given up before so many completed."),
          integer("n_warmup_steps", "0..", 0, "No trial is given up in its first steps."),
          integer("interval_steps", "1..", 1, "Steps from one check to the next."),
          integer("n_min_trials", "1..", 1, "Trials that a step needs for a median."),
          watch_option()}}},
       make<MedianPruner>},
      {{"successive_halving",
        "At steps that grow by a factor, only the best of those that came so far go on.",
        {"pruner 'successive_halving'",
         {min_resource_option(),
          integer("reduction_factor", "2..", 4, "One of so many trials goes on at each rung."),
          integer("min_early_stopping_rate", "0..62", 0, "Rungs left out at the beginning."),
          integer("bootstrap_count", "0..", 0,
                  "Trials that end at a rung before any goes on from there."),
          watch_option()}}},
       make<HalvingPruner>},
  };
  return all;
}

const Row* find_row(const std::string& id) {
  for (const Row& row : rows())
    if (row.shown.id == id) return &row;
  return nullptr;
}

// The metric by that name as an objective sees it.
Watch watch_metric(const SearchMetric& metric, Watch::Source source) {
  return {source, metric.name, metric.scale, metric.direction};
}

}  // namespace

const std::vector<PrunerRow>& pruner_rows() {
  static const std::vector<PrunerRow> shown = [] {
    std::vector<PrunerRow> made;
    for (const Row& row : rows()) made.push_back(row.shown);
    return made;
  }();
  return shown;
}

Value check_pruner(const ComponentText& pruner) {
  if (pruner.name == "none") {
    return check_options({"pruner 'none'", {}}, pruner.options);
  }
  const Row* row = find_row(pruner.name);
  if (row == nullptr) {
    std::vector<std::string> known{"none"};
    for (const Row& each : rows()) known.push_back(each.shown.id);
    throw usage_error(
        fmt::format("there is no pruner '{}'{}", pruner.name, suggestion(pruner.name, known)),
        pruner.position);
  }
  Value given = pruner.options;
  // Optuna's word.
  if (const Value* resource = given.find("min_resource");
      resource != nullptr && *resource == Value("auto"))
    given.set("min_resource", Value().at(resource->position()));
  Value options = check_options(row->shown.options, given);
  const Value* bootstrap = options.find("bootstrap_count");
  if (bootstrap != nullptr && bootstrap->as_int() > 0 && options.find("min_resource")->is_none())
    throw usage_error("bootstrap_count needs a min_resource that is a number",
                      bootstrap->position());
  return options;
}

Watch watch_of(const SearchOptions& options) {
  const Value* given = options.pruner_options.find("watch");
  if (given == nullptr || given->is_none()) {
    if (!options.metrics.empty()) {
      const SearchMetric& first = options.metrics.front();
      if (first.name == "loss") return watch_metric(first, Watch::Source::validation_loss);
      if (first.name == "accuracy") return watch_metric(first, Watch::Source::validation_accuracy);
    }
    return {};
  }
  const std::string& word = given->as_string();
  if (word == "validation_loss") return {};
  if (word == "validation_accuracy")
    return {Watch::Source::validation_accuracy, "", 1.0, LATHE_MAXIMIZE};
  std::vector<std::string> known{"validation_loss", "validation_accuracy"};
  for (const SearchMetric& metric : options.metrics) {
    if (metric.name == word) return watch_metric(metric, Watch::Source::runners);
    known.push_back(metric.name);
  }
  throw usage_error(
      fmt::format("pruner '{}' cannot watch '{}'{}", options.pruner, word, suggestion(word, known)),
      given->position());
}

std::unique_ptr<Pruner> make_pruner(const SearchOptions& options) {
  const Value checked = check_pruner({options.pruner, options.pruner_options, {}});
  const Row* row = find_row(options.pruner);
  return row == nullptr ? nullptr : row->make(checked, watch_of(options).direction);
}

}  // namespace lathe
