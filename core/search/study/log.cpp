#include "core/search/study/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace lathe {
namespace {

// Null for a point that is not whole, as a trial has that Optuna began and that failed early.
Value config_of(const SearchSpace& space, const std::vector<double>& point) {
  const bool whole =
      std::none_of(point.begin(), point.end(), [](double x) { return std::isnan(x); });
  return whole ? sampled_config(space, point) : Value();
}

// A reader sees the whole file or the one before.
void write_whole(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path draft = path.string() + ".part";
  std::ofstream out(draft, std::ios::binary);
  out << text;
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(draft, path, failed);
  if (!out || failed)
    throw run_error(LATHE_DATA_LOSS, fmt::format("cannot write '{}'; is the disk full or the "
                                                 "folder not writable?",
                                                 path.string()));
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
  std::error_code exists;
  std::filesystem::create_directories(folder, exists);
  const std::vector<LoggedTrial> rows = logged(space, trials);
  std::vector<LoggedTrial> best_rows;
  for (const std::size_t index : best) best_rows.push_back(rows[index]);
  write_whole(folder / "log.json", log_json(rows, objectives));
  write_whole(folder / "best.json", best_json(best_rows, objectives));
}

}  // namespace lathe
