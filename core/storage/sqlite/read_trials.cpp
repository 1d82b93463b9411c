// Reads a study's rows table by table; each refuses what this search cannot go on with.
#include "core/storage/sqlite/read_trials.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace lathe {
namespace {

class TrialReader {
 public:
  explicit TrialReader(const StudyRow& study) : study_(study) {
    for (std::size_t p = 0; p < study.description.parameters.size(); ++p)
      index_.emplace(study.description.parameters[p].name, p);
  }

  ReadTrials read() {
    read_trials();
    read_parameters();
    read_values();
    read_intermediate_values();
    read_attributes();
    for (StoredTrial& trial : read_.trials) check_parameters(trial);
    return std::move(read_);
  }

 private:
  // What does not exist in an ended trial is left out, as the search does it; the rest is there.
  void check_parameters(StoredTrial& trial) const {
    if (!ended(trial.state)) return;
    const std::vector<StoredParameter>& parameters = study_.description.parameters;
    leave_out_absent(parameters, trial.parameters);
    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (trial.state == TrialState::complete && std::isnan(trial.parameters[p]) &&
          parameters[p].condition.met(trial.parameters))
        throw study_.refused(fmt::format("has a trial {} without the parameter '{}' of this search",
                                         trial.number, parameters[p].name));
  }

  void read_trials() {
    SQLite::Statement rows(
        *study_.database,
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials "
        "WHERE study_id = ? ORDER BY number");
    bound(rows, study_.id);
    while (rows.executeStep()) {
      StoredTrial trial;
      trial.number = read_.ids.size();
      if (rows.getColumn(1).getInt64() != static_cast<std::int64_t>(trial.number))
        throw study_.refused(fmt::format("is damaged: it has no trial {}", trial.number));
      const auto state = state_of_word(rows.getColumn(2).getString());
      if (!state)
        throw study_.refused(fmt::format("is damaged: trial {} is in no known state, '{}'",
                                         trial.number, rows.getColumn(2).getString()));
      trial.state = *state;
      trial.started = time_of_local_text(rows.getColumn(3).getString());
      trial.completed = time_of_local_text(rows.getColumn(4).getString());
      trial.parameters.assign(study_.description.parameters.size(), std::nan(""));
      by_id_.emplace(rows.getColumn(0).getInt64(), read_.trials.size());
      read_.ids.push_back(rows.getColumn(0).getInt64());
      read_.trials.push_back(std::move(trial));
    }
  }

  // Calls `use` for each row of a table that belongs to this study's trials.
  template <typename Use>
  void each(std::string_view columns, std::string_view table, Use use) {
    SQLite::Statement rows(*study_.database,
                           fmt::format("SELECT r.trial_id, {} FROM {} r JOIN trials t ON "
                                       "t.trial_id = r.trial_id WHERE t.study_id = ?",
                                       columns, table));
    bound(rows, study_.id);
    while (rows.executeStep()) use(rows, read_.trials[by_id_.at(rows.getColumn(0).getInt64())]);
  }

  void read_parameters() {
    // The distribution is the same text in almost every row: parsed once, then only compared.
    std::vector<std::string> accepted = study_.distributions;
    each("r.param_name, r.param_value, r.distribution_json", "trial_params",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           const auto found = index_.find(std::string(row.getColumn(1).getString()));
           if (found == index_.end())
             throw study_.refused(
                 fmt::format("has trials with the parameter '{}', which this search space "
                             "lacks",
                             row.getColumn(1).getString()));
           const std::size_t p = found->second;
           if (row.getColumn(3).getString() != accepted[p]) {
             if (!same_distribution(study_.description.parameters[p], row.getColumn(3).getString()))
               throw study_.refused(
                   fmt::format("has trial {} with other values for '{}': {} there, {} here",
                               trial.number, row.getColumn(1).getString(),
                               row.getColumn(3).getString(), study_.distributions[p]));
             accepted[p] = row.getColumn(3).getString();
           }
           trial.parameters[p] = row.getColumn(2).getDouble();
         });
  }

  void read_values() {
    each("r.objective, r.value, r.value_type", "trial_values",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           const auto objective = static_cast<std::size_t>(row.getColumn(1).getInt64());
           if (trial.state != TrialState::complete) return;
           trial.values.resize(std::max(trial.values.size(), objective + 1));
           trial.values[objective] =
               value_of_type(row.getColumn(3).getString(), row.getColumn(2).getDouble());
         });
    for (const StoredTrial& trial : read_.trials)
      if (trial.state == TrialState::complete &&
          trial.values.size() != study_.description.directions.size())
        throw study_.refused(
            fmt::format("is damaged: trial {} is complete, but has {} of {} values", trial.number,
                        trial.values.size(), study_.description.directions.size()));
  }

  void read_intermediate_values() {
    each("r.step, r.intermediate_value, r.intermediate_value_type", "trial_intermediate_values",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           trial.intermediates.push_back(
               {row.getColumn(1).getInt64(),
                value_of_type(row.getColumn(3).getString(), row.getColumn(2).getDouble())});
         });
    for (StoredTrial& trial : read_.trials)
      std::sort(trial.intermediates.begin(), trial.intermediates.end(),
                [](const auto& a, const auto& b) { return a.step < b.step; });
  }

  void read_attributes() {
    each("r.key, r.value_json", "trial_user_attributes",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           trial.user_attributes.set(row.getColumn(1).getString(),
                                     value_of_json(row.getColumn(2).getString()));
         });
    each("r.key, r.value_json", "trial_system_attributes",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           trial.system_attributes.set(row.getColumn(1).getString(),
                                       value_of_json(row.getColumn(2).getString()));
         });
    // Trials that a person enqueued in Optuna say there what they want.
    for (StoredTrial& trial : read_.trials) {
      const Value* fixed = trial.system_attributes.find("fixed_params");
      if (trial.state != TrialState::waiting || fixed == nullptr || !fixed->is_map()) continue;
      for (std::size_t p = 0; p < trial.parameters.size(); ++p) {
        const StoredParameter& parameter = study_.description.parameters[p];
        const Value* wanted = fixed->find(parameter.name);
        if (wanted == nullptr) continue;
        trial.parameters[p] = parameter.number_of(*wanted).value_or(std::nan(""));
      }
    }
  }

  const StudyRow& study_;
  std::unordered_map<std::string, std::size_t> index_;   // parameter by name
  std::unordered_map<std::int64_t, std::size_t> by_id_;  // trial_id -> place in the trials
  ReadTrials read_;
};

}  // namespace

ReadTrials read_trials(const StudyRow& study) { return TrialReader(study).read(); }

}  // namespace lathe
