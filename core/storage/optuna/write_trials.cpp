// One trial is a row of `trials` and rows of five other tables.
#include "core/storage/optuna/write_trials.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/text/columns.hpp"
#include "core/storage/optuna/text/json.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe {
namespace {

// Empty unless the trial has ended.
std::optional<std::string> end_text(const StoredTrial& trial) {
  if (!ended(trial.state)) return std::nullopt;
  return local_text(trial.completed);
}

}  // namespace

TrialWriter::TrialWriter(const StudyRow& study, TrialIndex index)
    : study_(study),
      index_(std::move(index)),
      insert_(*study.database,
              "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
              "VALUES (?, ?, ?, ?, ?) RETURNING trial_id"),
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

void TrialWriter::finish(const StoredTrial& trial) {
  update(trial);
  write_outcome(index_.ids[trial.number], trial);
}

void TrialWriter::insert(const StoredTrial& trial) {
  if (trial.number != index_.ids.size())
    throw run_error(LATHE_INTERNAL, fmt::format("trial {} is written before trial {}", trial.number,
                                                index_.ids.size()));
  const auto number = static_cast<std::int64_t>(trial.number);
  const std::string_view state = state_word(trial.state);
  if (trial.wish) {
    if (run(take_up_, number, state, local_text(trial.started), end_text(trial), *trial.wish) != 1)
      throw study_.intruded();
    index_.ids.push_back(*trial.wish);
    forget_rows(*trial.wish);
  } else {
    // Nobody began one that was enqueued.
    std::optional<std::string> started;
    if (trial.started != Time{}) started = local_text(trial.started);
    bound(insert_, number, study_.id, state, started, end_text(trial)).next();
    index_.ids.push_back(integer_of(insert_.cell(0)));
    insert_.reset();
  }
  index_.states.push_back(trial.state);
}

void TrialWriter::update(const StoredTrial& trial) {
  const std::int64_t id = index_.ids[trial.number];
  TrialState& known = index_.states[trial.number];
  if (run(update_, state_word(trial.state), local_text(trial.started), end_text(trial), id,
          state_word(known)) != 1)
    throw study_.intruded();
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
  write_outcome(id, trial);
}

void TrialWriter::write_outcome(std::int64_t id, const StoredTrial& trial) {
  write_values(id, trial.values);
  for (const auto& [step, value] : trial.intermediates)
    run(intermediate_, id, step, value, value_type(value));
  write_attributes(attributes_, id, trial.user_attributes);
  write_attributes(system_attributes_, id, trial.system_attributes);
}

void TrialWriter::write_values(std::int64_t id, const std::vector<double>& values) {
  values_.insert(values.size(), [&](Statement& row, int at, std::size_t i) {
    row.bind(at, id);
    row.bind(at + 1, static_cast<std::int64_t>(i));
    row.bind(at + 2, values[i]);
    row.bind(at + 3, value_type(values[i]).data());
  });
}

void TrialWriter::write_parameters(std::int64_t id, const std::vector<double>& numbers) {
  existing_.clear();
  for (std::size_t p = 0; p < numbers.size(); ++p)
    if (!std::isnan(numbers[p])) existing_.push_back(p);
  parameters_.insert(existing_.size(), [&](Statement& row, int at, std::size_t i) {
    const std::size_t p = existing_[i];
    row.bind(at, id);
    row.bind(at + 1, study_.description.parameters[p].name);
    row.bind(at + 2, numbers[p]);
    row.bind(at + 3, study_.distributions[p]);
  });
}

void TrialWriter::write_attributes(RowGroup& rows, std::int64_t id, const Value& attributes) {
  const Value::Map& map = attributes.as_map();
  std::vector<std::string> texts;
  for (const auto& [key, value] : map) texts.push_back(json_text(value));
  rows.insert(map.size(), [&](Statement& row, int at, std::size_t i) {
    row.bind(at, id);
    row.bind(at + 1, map[i].first);
    row.bind(at + 2, texts[i]);
  });
}

}  // namespace lathe
