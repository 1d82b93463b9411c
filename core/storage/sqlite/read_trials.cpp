// Reads a study's rows table by table; each refuses what this search cannot go on with.
#include "core/storage/sqlite/read_trials.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace lathe {
namespace {

// The system attribute with what a person fixed of a trial.
constexpr std::string_view kFixed = "fixed_params";

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

  StoredTrial read_waiting(std::int64_t id) const {
    SQLite::Statement row(*study_.database,
                          "SELECT t.number, a.value_json FROM trials t LEFT JOIN "
                          "trial_system_attributes a ON a.trial_id = t.trial_id AND a.key = ? "
                          "WHERE t.trial_id = ?");
    StoredTrial trial;
    trial.wish = id;
    trial.state = TrialState::waiting;
    trial.parameters.assign(study_.description.parameters.size(), std::nan(""));
    if (!bound(row, kFixed, id).executeStep()) return trial;
    trial.number = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
    const Value fixed = value_of_json(row.getColumn(1).getString());
    fix_parameters(trial, &fixed);
    return trial;
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

  Error damaged(const StoredTrial& trial, const std::string& what) const {
    return study_.refused(fmt::format("is damaged: trial {} {}", trial.number, what));
  }

  // SQLite keeps anything in any column.
  double number_in(SQLite::Statement& row, int column, const StoredTrial& trial,
                   std::string_view what) const {
    const SQLite::Column cell = row.getColumn(column);
    if (cell.isFloat() || cell.isInteger()) return cell.getDouble();
    throw damaged(trial, fmt::format("has no number for {}", what));
  }

  // A number whose kind, finite or not, stands in the column behind it.
  double typed_number(SQLite::Statement& row, int column, const StoredTrial& trial,
                      std::string_view what) const {
    const std::string type = row.getColumn(column + 1).getString();
    const double finite = type == "FINITE" ? number_in(row, column, trial, what) : 0;
    return value_of_type(type, finite);
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
           trial.parameters[p] = number_in(row, 2, trial, fmt::format("'{}'", found->first));
           const StoredParameter& parameter = study_.description.parameters[p];
           if (!parameter.takes(trial.parameters[p]))
             throw damaged(trial, fmt::format("has {} for '{}', which takes {}",
                                              trial.parameters[p], parameter.name,
                                              parameter.categorical()
                                                  ? fmt::format("the number of one of {} choices",
                                                                parameter.choices.size())
                                                  : parameter.text()));
         });
  }

  void read_values() {
    each("r.objective, r.value, r.value_type", "trial_values",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           if (trial.state != TrialState::complete) return;
           const std::int64_t objective = row.getColumn(1).getInt64();
           const std::size_t objectives = study_.description.directions.size();
           if (objective < 0 || static_cast<std::size_t>(objective) >= objectives)
             throw damaged(
                 trial, fmt::format("has a value of objective {}, of {}", objective, objectives));
           const auto place = static_cast<std::size_t>(objective);
           trial.values.resize(std::max(trial.values.size(), place + 1), std::nan(""));
           trial.values[place] =
               typed_number(row, 2, trial, fmt::format("its value of objective {}", objective));
         });
    for (const StoredTrial& trial : read_.trials)
      if (trial.state == TrialState::complete) check_values(trial);
  }

  void check_values(const StoredTrial& trial) const {
    const auto there = static_cast<std::size_t>(
        std::ranges::count_if(trial.values, [](double value) { return !std::isnan(value); }));
    const std::size_t objectives = study_.description.directions.size();
    if (there != objectives)
      throw damaged(trial, fmt::format("is complete, but has {} of {} values", there, objectives));
  }

  void read_intermediate_values() {
    each("r.step, r.intermediate_value, r.intermediate_value_type", "trial_intermediate_values",
         [&](SQLite::Statement& row, StoredTrial& trial) {
           const std::int64_t step = row.getColumn(1).getInt64();
           trial.intermediates.push_back(
               {step, typed_number(row, 2, trial, fmt::format("what it had at step {}", step))});
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
    for (StoredTrial& trial : read_.trials)
      if (trial.state == TrialState::waiting)
        fix_parameters(trial, trial.system_attributes.find(kFixed));
  }

  void fix_parameters(StoredTrial& trial, const Value* fixed) const {
    if (fixed == nullptr || !fixed->is_map()) return;
    for (const auto& [name, wanted] : fixed->as_map()) fix(trial, name, wanted);
  }

  // A person's wish; one that cannot be met is said and left to the sampler.
  void fix(StoredTrial& trial, const std::string& name, const Value& wanted) const {
    const auto found = index_.find(name);
    const StoredParameter* parameter =
        found == index_.end() ? nullptr : &study_.description.parameters[found->second];
    const auto number = parameter == nullptr ? std::nullopt : parameter->number_of(wanted);
    if (number) {
      trial.parameters[found->second] = *number;
      return;
    }
    spdlog::warn("trial {} of the study '{}' waits for '{}' to be {}, {}; the sampler chooses",
                 trial.number, study_.description.name, name,
                 wanted.is_none() ? "NA" : wanted.text(),
                 parameter == nullptr ? std::string("which this search space lacks")
                                      : fmt::format("which takes {}", parameter->text()));
  }

  const StudyRow& study_;
  std::unordered_map<std::string, std::size_t> index_;   // parameter by name
  std::unordered_map<std::int64_t, std::size_t> by_id_;  // trial_id -> place in the trials
  ReadTrials read_;
};

}  // namespace

ReadTrials read_trials(const StudyRow& study) { return TrialReader(study).read(); }

StoredTrial read_waiting(const StudyRow& study, std::int64_t id) {
  return TrialReader(study).read_waiting(id);
}

}  // namespace lathe
