// Each part refuses what this search cannot go on with, and says where it stands.
#include "core/storage/sqlite/read_trial.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/columns.hpp"
#include "core/storage/optuna/distribution.hpp"
#include "core/storage/sqlite/trial_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// NULL, which a trial has that waits, is the epoch.
std::chrono::system_clock::time_point time_in(const SQLite::Column& cell, const Owner& owner,
                                              const Place& place) {
  if (cell.isNull()) return {};
  const auto time = time_of_local_text(text_in(cell, owner, place));
  if (time == std::chrono::system_clock::time_point{})
    throw owner.damaged(fmt::format("has {} in {}, which is no time", excerpt(cell), place.text()));
  return time;
}

// A number whose kind, finite or not, stands in the column behind it.
double typed_number(SQLite::Statement& row, const Owner& owner, std::string_view name,
                    std::string_view type_name) {
  const std::string_view type = text_in(row.getColumn(2), owner, {type_name});
  if (const std::optional<double> known = value_of_type(type)) return *known;
  if (type != "FINITE")
    throw owner.damaged(
        fmt::format("has {} in {}, which is no kind of number", excerpt(type), type_name));
  const double finite = number_in(row.getColumn(1), owner, {name});
  if (!std::isfinite(finite))
    throw owner.damaged(fmt::format("has {} in {}, which is not finite", finite, name));
  return finite;
}

std::string takes_text(const StoredParameter& parameter) {
  return parameter.categorical()
             ? fmt::format("the number of one of {} choices", parameter.choices.size())
             : parameter.text();
}

}  // namespace

Domain distribution_in(const SQLite::Column& cell, const Owner& owner, std::string_view name) {
  const Place place{"trial_params.distribution_json", name};
  const std::string_view text = text_in(cell, owner, place);
  std::optional<Domain> domain = domain_of_json(text);
  if (domain) return *std::move(domain);
  throw owner.damaged(
      fmt::format("has {} in {}, which is no distribution", excerpt(text), place.text()));
}

TrialReader::TrialReader(const StudyRow& study, Ranges ranges)
    : study_(study),
      ranges_(ranges),
      accepted_(study.distributions),
      row_(*study.database,
           "SELECT state, datetime_start, datetime_complete FROM trials WHERE trial_id = ?"),
      parameters_(*study.database,
                  "SELECT param_name, param_value, distribution_json FROM trial_params "
                  "WHERE trial_id = ?"),
      values_(*study.database,
              "SELECT objective, value, value_type FROM trial_values WHERE trial_id = ?"),
      intermediates_(*study.database,
                     "SELECT step, intermediate_value, intermediate_value_type FROM "
                     "trial_intermediate_values WHERE trial_id = ?"),
      attributes_(*study.database,
                  "SELECT key, value_json FROM trial_user_attributes WHERE trial_id = ?"),
      system_attributes_(*study.database,
                         "SELECT key, value_json FROM trial_system_attributes WHERE trial_id = ?") {
  for (std::size_t p = 0; p < study.description.parameters.size(); ++p)
    index_.emplace(study.description.parameters[p].name, p);
}

StoredTrial TrialReader::read(std::uint64_t number, std::int64_t id) {
  const Owner owner{study_, fmt::format("trial {}", number)};
  StoredTrial trial;
  trial.number = number;
  trial.parameters.assign(study_.description.parameters.size(), std::nan(""));
  read_row(trial, id, owner);
  read_parameters(trial, id, owner);
  if (trial.state == TrialState::complete) read_values(trial, id, owner);
  read_intermediates(trial, id, owner);
  read_attributes(attributes_, "trial_user_attributes.value_json", trial.user_attributes, id,
                  owner);
  read_attributes(system_attributes_, "trial_system_attributes.value_json", trial.system_attributes,
                  id, owner);
  take_killed(trial, owner);
  return trial;
}

void TrialReader::read_row(StoredTrial& trial, std::int64_t id, const Owner& owner) {
  if (!bound(row_, id).executeStep()) throw study_.intruded();
  const std::string_view word = text_in(row_.getColumn(0), owner, {"trials.state"});
  const auto state = state_of_word(word);
  if (!state) throw owner.damaged(fmt::format("is in no known state: {}", excerpt(word)));
  trial.state = *state;
  trial.started = time_in(row_.getColumn(1), owner, {"trials.datetime_start"});
  trial.completed = time_in(row_.getColumn(2), owner, {"trials.datetime_complete"});
  row_.tryReset();
}

void TrialReader::read_parameters(StoredTrial& trial, std::int64_t id, const Owner& owner) {
  bound(parameters_, id);
  while (parameters_.executeStep()) {
    const std::string_view name =
        text_in(parameters_.getColumn(0), owner, {"trial_params.param_name"});
    const auto found = index_.find(name);
    if (found == index_.end())
      throw study_.refused(fmt::format(
          "has trials with the parameter {}, which this search space lacks", excerpt(name)));
    read_parameter(trial, found->second, owner);
  }
  parameters_.tryReset();
}

void TrialReader::read_parameter(StoredTrial& trial, std::size_t p, const Owner& owner) {
  const StoredParameter& parameter = study_.description.parameters[p];
  double& number = trial.parameters[p];
  if (!std::isnan(number)) throw owner.damaged(fmt::format("has '{}' twice", parameter.name));
  check_distribution(p, owner);
  number = number_in(parameters_.getColumn(1), owner, {"trial_params.param_value", parameter.name});
  if (!parameter.takes(number))
    throw owner.damaged(fmt::format("has {} for '{}', which takes {}", number, parameter.name,
                                    takes_text(parameter)));
}

void TrialReader::check_distribution(std::size_t p, const Owner& owner) {
  const StoredParameter& parameter = study_.description.parameters[p];
  const Place place{"trial_params.distribution_json", parameter.name};
  const std::string_view text = text_in(parameters_.getColumn(2), owner, place);
  if (text == accepted_[p]) return;
  const Domain theirs = distribution_in(parameters_.getColumn(2), owner, parameter.name);
  const bool fits = ranges_ == Ranges::as_described ? same_domain(parameter, theirs)
                                                    : united(parameter, theirs).has_value();
  if (!fits)
    throw study_.refused(fmt::format("has {} with other values for '{}': {} there, {} here",
                                     owner.name, parameter.name, domain_text(theirs),
                                     domain_text(parameter)));
  accepted_[p] = text;
}

void TrialReader::read_values(StoredTrial& trial, std::int64_t id, const Owner& owner) {
  const std::size_t objectives = study_.description.directions.size();
  trial.values.assign(objectives, std::nan(""));
  std::size_t there = 0;
  bound(values_, id);
  for (; values_.executeStep(); ++there) {
    const std::int64_t objective =
        integer_in(values_.getColumn(0), owner, {"trial_values.objective"});
    if (objective < 0 || static_cast<std::size_t>(objective) >= objectives)
      throw owner.damaged(fmt::format("has a value of objective {}, of {}", objective, objectives));
    double& value = trial.values[static_cast<std::size_t>(objective)];
    if (!std::isnan(value))
      throw owner.damaged(fmt::format("has two values of objective {}", objective));
    value = typed_number(values_, owner, "trial_values.value", "trial_values.value_type");
    if (std::isnan(value))
      throw owner.damaged(fmt::format("is complete with NAN for objective {}", objective));
  }
  values_.tryReset();
  if (there != objectives)
    throw owner.damaged(fmt::format("is complete, but has {} of {} values", there, objectives));
}

void TrialReader::read_intermediates(StoredTrial& trial, std::int64_t id, const Owner& owner) {
  bound(intermediates_, id);
  while (intermediates_.executeStep())
    trial.intermediates.push_back(
        {integer_in(intermediates_.getColumn(0), owner, {"trial_intermediate_values.step"}),
         typed_number(intermediates_, owner, "trial_intermediate_values.intermediate_value",
                      "trial_intermediate_values.intermediate_value_type")});
  intermediates_.tryReset();
  const auto step = &StoredTrial::Intermediate::step;
  std::ranges::sort(trial.intermediates, {}, step);
  const auto twice = std::ranges::adjacent_find(trial.intermediates, {}, step);
  if (twice != trial.intermediates.end())
    throw owner.damaged(fmt::format("has two values at step {}", twice->step));
}

void TrialReader::read_attributes(SQLite::Statement& rows, std::string_view column,
                                  Value& attributes, std::int64_t id, const Owner& owner) const {
  bound(rows, id);
  while (rows.executeStep()) {
    const std::string_view key = text_in(rows.getColumn(0), owner, {column, "a key"});
    attributes.set(key, json_in(rows.getColumn(1), owner, {column, key}));
  }
  rows.tryReset();
}

void TrialReader::take_killed(StoredTrial& trial, const Owner& owner) const {
  const Value* killed = trial.system_attributes.find(kKilled);
  if (killed == nullptr) return;
  if (!killed->is_int() || killed->as_int() < 0)
    throw owner.damaged(
        fmt::format("has {} in {}, which counts processes", killed->text(), kKilled));
  trial.killed = killed->as_int();
}

}  // namespace lathe
