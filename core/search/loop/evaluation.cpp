#include "core/search/loop/evaluation.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe {
namespace {

double published(const Trial& trial, const std::string& name) {
  const Value* scalar = trial.software_metrics.find(name);
  if (scalar == nullptr) scalar = trial.hardware_metrics.find(name);
  if (scalar == nullptr || !scalar->is_number())
    throw run_error(LATHE_NOT_FOUND, fmt::format("no runner published the number '{}'", name));
  return scalar->as_float();
}

void constrain(const SearchOptions& options, Trial& trial) {
  for (const SearchConstraint& constraint : options.constraints) {
    const double value = published(trial, constraint.name);
    if (std::isnan(value))
      throw run_error(
          LATHE_OUT_OF_RANGE,
          fmt::format("the constrained number '{}' is not a number (NaN)", constraint.name));
    trial.constraints.push_back(constraint.violation(value));
  }
}

// Objective values from scalars: metric times scale, in the order of the metrics.
void score(const SearchOptions& options, Trial& trial) {
  double sum = 0;
  for (const Metric& metric : options.metrics) {
    const double scaled = metric.scale * published(trial, metric.name);
    if (std::isnan(scaled))
      throw run_error(LATHE_OUT_OF_RANGE,
                      fmt::format("the metric '{}' is not a number (NaN)", metric.name));
    if (std::isinf(scaled))
      trial.troubles.push_back(fmt::format(
          "the metric '{}' is infinite as the search sees it (scale {}): it compares as equal with "
          "any other that is",
          metric.name, metric.scale));
    trial.scaled_metrics.set(metric.name, scaled);
    trial.values.push_back(scaled);
    sum += scaled;
  }
  if (!options.sum_scaled_metrics) return;
  if (std::isnan(sum))
    throw run_error(LATHE_OUT_OF_RANGE,
                    fmt::format("the sum of the scaled metrics is not a number (NaN): {}",
                                trial.scaled_metrics.text()));
  trial.values.assign(1, sum);
}

}  // namespace

Trial outcome_of(const SearchOptions& options, const std::atomic<bool>& stop,
                 const std::function<Scalars()>& evaluate, bool& given_up) {
  Trial outcome;
  try {
    Scalars scalars = evaluate();
    if (scalars.pruned) {
      outcome.state = TrialState::pruned;
      return outcome;
    }
    outcome.software_metrics = std::move(scalars.software);
    outcome.hardware_metrics = std::move(scalars.hardware);
    outcome.untrained = std::move(scalars.untrained);
    outcome.troubles = std::move(scalars.troubles);
    constrain(options, outcome);
    score(options, outcome);
    outcome.state = TrialState::complete;
  } catch (const Error& error) {
    given_up = error.code() == LATHE_CANCELLED && stop;
    outcome.error = error.what();
  } catch (const std::exception& error) {
    outcome.error = error.what();
  }
  return outcome;
}

}  // namespace lathe
