#include "core/search/study/log.hpp"

#include "core/base/file.hpp"

#include <cmath>

namespace lathe {
namespace {

// Null for a point that is not whole, as a trial has that Optuna began and that failed early.
Value config_of(const SearchSpace& space, const std::vector<double>& point) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (std::isnan(point[p]) && space.parameters[p].condition.met(point)) return {};
  return sampled_config(space, point);
}

}  // namespace

LoggedTrial logged(const SearchSpace& space, const Trial& trial) {
  // A trial that failed has no metrics: pandas leaves the cell empty.
  const auto cell = [&](const Value& metrics) {
    const bool empty = trial.state != TrialState::complete && metrics == Value(Value::Map{});
    return empty ? Value() : metrics;
  };
  return {static_cast<std::int64_t>(trial.number),
          state_word(trial.state),
          trial.values,
          cell(trial.software_metrics),
          cell(trial.hardware_metrics),
          cell(trial.scaled_metrics),
          config_of(space, trial.point),
          trial.error,
          trial.started,
          trial.completed};
}

std::vector<LoggedTrial> logged(const SearchSpace& space, std::span<const Trial> trials) {
  std::vector<LoggedTrial> rows;
  for (const Trial& trial : trials) rows.push_back(logged(space, trial));
  return rows;
}

void write_log(const std::filesystem::path& folder, const SearchSpace& space,
               std::span<const Trial> trials, std::span<const std::size_t> best,
               std::size_t objectives) {
  make_folders(folder);
  const std::vector<LoggedTrial> rows = logged(space, trials);
  std::vector<LoggedTrial> best_rows;
  for (const std::size_t index : best) best_rows.push_back(rows[index]);
  write_atomically(folder / "log.json", log_json(rows, objectives));
  write_atomically(folder / "best.json", best_json(best_rows, objectives));
}

}  // namespace lathe
