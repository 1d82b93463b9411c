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

TrialWriter::TrialWriter(const StudyRow& study, std::vector<std::int64_t> ids)
    : study_(study),
      ids_(std::move(ids)),
      insert_(*study.database,
              "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
              "VALUES (?, ?, ?, ?, ?)"),
      take_up_(*study.database,
               "UPDATE trials SET number = ?, state = ?, datetime_start = ?, datetime_complete = ? "
               "WHERE trial_id = ? AND state = 'WAITING'"),
      update_(*study.database,
              "UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = ? WHERE "
              "trial_id = ?"),
      parameter_(*study.database,
                 "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
                 "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
      value_(*study.database,
             "INSERT OR REPLACE INTO trial_values (trial_id, objective, value, value_type) VALUES "
             "(?, ?, ?, ?)"),
      attribute_(*study.database,
                 "INSERT OR REPLACE INTO trial_user_attributes (trial_id, key, value_json) VALUES "
                 "(?, ?, ?)"),
      system_attribute_(*study.database,
                        "INSERT OR REPLACE INTO trial_system_attributes (trial_id, key, "
                        "value_json) VALUES (?, ?, ?)"),
      forget_intermediates_(*study.database,
                            "DELETE FROM trial_intermediate_values WHERE trial_id = ?"),
      intermediate_(*study.database,
                    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
                    "intermediate_value_type) VALUES (?, ?, ?, ?)") {}

void TrialWriter::write(const StoredTrial& trial) {
  if (trial.number < ids_.size()) {
    update(trial);
  } else {
    insert(trial);
  }
  write_rows(trial);
}

void TrialWriter::insert(const StoredTrial& trial) {
  if (trial.number != ids_.size())
    throw run_error(LATHE_INTERNAL,
                    fmt::format("trial {} is written before trial {}", trial.number, ids_.size()));
  const std::string completed = local_text(trial.completed);
  const char* ended_at = ended(trial.state) ? completed.c_str() : nullptr;
  const auto number = static_cast<std::int64_t>(trial.number);
  const std::string_view state = state_word(trial.state);
  if (trial.wish) {
    run(take_up_, number, state, local_text(trial.started), ended_at, *trial.wish);
    if (study_.database->getChanges() != 1) throw study_.intruded();
    ids_.push_back(*trial.wish);
    return;
  }
  run(insert_, number, study_.id, state, local_text(trial.started), ended_at);
  ids_.push_back(study_.database->getLastInsertRowid());
}

void TrialWriter::update(const StoredTrial& trial) {
  const std::string completed = local_text(trial.completed);
  const std::int64_t id = ids_[trial.number];
  run(update_, state_word(trial.state), local_text(trial.started),
      ended(trial.state) ? completed.c_str() : nullptr, id);
  // What an earlier run of the trial reported before it was killed.
  run(forget_intermediates_, id);
}

void TrialWriter::write_rows(const StoredTrial& trial) {
  const std::int64_t id = ids_[trial.number];
  for (std::size_t p = 0; p < trial.parameters.size(); ++p)
    if (!std::isnan(trial.parameters[p]))
      run(parameter_, id, study_.description.parameters[p].name, trial.parameters[p],
          study_.distributions[p]);
  for (std::size_t i = 0; i < trial.values.size(); ++i)
    run(value_, id, static_cast<std::int64_t>(i), finite_or_null(trial.values[i]),
        value_type(trial.values[i]));
  for (const auto& [step, value] : trial.intermediates)
    run(intermediate_, id, step, finite_or_null(value),
        std::isnan(value) ? "NAN" : value_type(value));
  for (const auto& [key, value] : trial.user_attributes.as_map())
    run(attribute_, id, key, json_text(value));
  for (const auto& [key, value] : trial.system_attributes.as_map())
    run(system_attribute_, id, key, json_text(value));
}

}  // namespace lathe
