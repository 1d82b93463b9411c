// One trial is a row of `trials` and rows of five other tables.
#include "core/storage/sqlite/write_trials.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace lathe {
namespace {

// What a column of numbers holds: NULL for what is not finite. SQLite takes a NaN for NULL.
double finite_or_null(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

TrialWriter::TrialWriter(const StudyRow& study, TrialIndex index)
    : study_(study),
      index_(std::move(index)),
      insert_(*study.database,
              "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
              "VALUES (?, ?, ?, ?, ?)"),
      take_up_(*study.database,
               "UPDATE trials SET number = ?, state = ?, datetime_start = ?, datetime_complete = ? "
               "WHERE trial_id = ? AND state = 'WAITING'"),
      update_(*study.database,
              "UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = ? WHERE "
              "trial_id = ? AND state = ?"),
      parameters_(*study.database, "trial_params",
                  {"trial_id", "param_name", "param_value", "distribution_json"}),
      values_(*study.database, "trial_values", {"trial_id", "objective", "value", "value_type"}),
      attributes_(*study.database, "trial_user_attributes", {"trial_id", "key", "value_json"}),
      system_attributes_(*study.database, "trial_system_attributes",
                         {"trial_id", "key", "value_json"}),
      forget_parameters_(*study.database, "DELETE FROM trial_params WHERE trial_id = ?"),
      forget_values_(*study.database, "DELETE FROM trial_values WHERE trial_id = ?"),
      forget_intermediates_(*study.database,
                            "DELETE FROM trial_intermediate_values WHERE trial_id = ?"),
      intermediate_(*study.database,
                    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
                    "intermediate_value_type) VALUES (?, ?, ?, ?)") {}

void TrialWriter::write(const StoredTrial& trial) {
  if (trial.number < index_.ids.size()) {
    update(trial);
    forget_rows(index_.ids[trial.number]);
  } else {
    insert(trial);
  }
  write_rows(trial);
}

void TrialWriter::end(const StoredTrial& trial) {
  update(trial);
  write_values(index_.ids[trial.number], trial.values);
}

void TrialWriter::insert(const StoredTrial& trial) {
  if (trial.number != index_.ids.size())
    throw run_error(LATHE_INTERNAL, fmt::format("trial {} is written before trial {}", trial.number,
                                                index_.ids.size()));
  const std::string completed = local_text(trial.completed);
  const char* ended_at = ended(trial.state) ? completed.c_str() : nullptr;
  const auto number = static_cast<std::int64_t>(trial.number);
  const std::string_view state = state_word(trial.state);
  if (trial.wish) {
    run(take_up_, number, state, local_text(trial.started), ended_at, *trial.wish);
    if (study_.database->getChanges() != 1) throw study_.intruded();
    index_.ids.push_back(*trial.wish);
    forget_rows(*trial.wish);
  } else {
    // Nobody began one that was enqueued.
    const std::string started = local_text(trial.started);
    const char* started_at = trial.started == Time{} ? nullptr : started.c_str();
    run(insert_, number, study_.id, state, started_at, ended_at);
    index_.ids.push_back(study_.database->getLastInsertRowid());
  }
  index_.states.push_back(trial.state);
}

void TrialWriter::update(const StoredTrial& trial) {
  const std::string completed = local_text(trial.completed);
  const std::int64_t id = index_.ids[trial.number];
  TrialState& known = index_.states[trial.number];
  run(update_, state_word(trial.state), local_text(trial.started),
      ended(trial.state) ? completed.c_str() : nullptr, id, state_word(known));
  if (study_.database->getChanges() != 1) throw study_.intruded();
  known = trial.state;
}

// What an earlier run of the trial left before it was killed. Attributes are replaced by key.
void TrialWriter::forget_rows(std::int64_t id) {
  run(forget_parameters_, id);
  run(forget_values_, id);
  run(forget_intermediates_, id);
}

void TrialWriter::write_rows(const StoredTrial& trial) {
  const std::int64_t id = index_.ids[trial.number];
  write_parameters(id, trial.parameters);
  write_values(id, trial.values);
  for (const auto& [step, value] : trial.intermediates)
    run(intermediate_, id, step, finite_or_null(value), value_type(value));
  write_attributes(attributes_, id, trial.user_attributes);
  write_attributes(system_attributes_, id, trial.system_attributes);
}

void TrialWriter::write_values(std::int64_t id, const std::vector<double>& values) {
  values_.insert(values.size(), [&](SQLite::Statement& row, int at, std::size_t i) {
    row.bind(at, id);
    row.bind(at + 1, static_cast<std::int64_t>(i));
    row.bind(at + 2, finite_or_null(values[i]));
    row.bindNoCopy(at + 3, value_type(values[i]).data());
  });
}

void TrialWriter::write_parameters(std::int64_t id, const std::vector<double>& numbers) {
  existing_.clear();
  for (std::size_t p = 0; p < numbers.size(); ++p)
    if (!std::isnan(numbers[p])) existing_.push_back(p);
  parameters_.insert(existing_.size(), [&](SQLite::Statement& row, int at, std::size_t i) {
    const std::size_t p = existing_[i];
    row.bind(at, id);
    row.bindNoCopy(at + 1, study_.description.parameters[p].name);
    row.bind(at + 2, numbers[p]);
    row.bindNoCopy(at + 3, study_.distributions[p]);
  });
}

void TrialWriter::write_attributes(RowGroup& rows, std::int64_t id, const Value& attributes) {
  const Value::Map& map = attributes.as_map();
  std::vector<std::string> texts;
  for (const auto& [key, value] : map) texts.push_back(json_text(value));
  rows.insert(map.size(), [&](SQLite::Statement& row, int at, std::size_t i) {
    row.bind(at, id);
    row.bindNoCopy(at + 1, map[i].first);
    row.bindNoCopy(at + 2, texts[i]);
  });
}

}  // namespace lathe
