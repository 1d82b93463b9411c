#include "core/search/study/log.hpp"

#include "core/base/file.hpp"
#include "core/plugin/host_state.hpp"

#include <cmath>

namespace lathe {
namespace {

// Null for a point that is not whole, as a trial has that Optuna began and that failed early.
Value config_of(const SearchSpace& space, const std::vector<double>& point) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (std::isnan(point[p]) && space.parameters[p].condition.met(point)) return {};
  return sampled_config(space, point);
}

Value explained_of(const Trial& trial) {
  return trial.explained == Value(Value::Map{}) ? Value() : trial.explained;
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
          explained_of(trial),
          trial.error,
          trial.started,
          trial.completed};
}

LogColumns columns_of(std::span<const Trial> trials, std::size_t objectives) {
  LogColumns columns;
  columns.objectives = objectives;
  for (const Trial& trial : trials) {
    columns.error = columns.error || !trial.error.empty();
    columns.explained = columns.explained || explained_of(trial).is_map();
  }
  return columns;
}

void write_log(const std::filesystem::path& folder, const SearchSpace& space,
               std::span<const Trial> trials, std::span<const std::size_t> best,
               std::size_t objectives) {
  put_back_host_state();
  make_folders(folder);
  const auto write = [&](const char* file, const auto& written) {
    write_atomically(folder / file, [&](const ByteSink& bytes) {
      written([&](std::string_view text) { bytes(std::as_bytes(std::span(text))); });
    });
  };
  write("log.json", [&](const TextSink& sink) {
    write_log_json(
        trials.size(), [&](std::size_t i) { return logged(space, trials[i]); },
        columns_of(trials, objectives), sink);
  });
  write("best.json", [&](const TextSink& sink) {
    write_best_json(
        best.size(), [&](std::size_t i) { return logged(space, trials[best[i]]); }, objectives,
        sink);
  });
}

}  // namespace lathe
