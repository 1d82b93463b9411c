// Each part refuses what this search cannot go on with, and says where it stands.
#include "core/storage/optuna/read_trial.hpp"

#include "core/base/clock.hpp"
#include "core/storage/optuna/text/columns.hpp"
#include "core/storage/optuna/text/distribution.hpp"
#include "core/storage/optuna/trial_index.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// Trials that are asked for by one statement.
constexpr std::size_t kGroup = 32;

// NULL, which a trial has that waits, is the epoch.
std::chrono::system_clock::time_point time_in(const Cell& cell, const Owner& owner,
                                              const Place& place) {
  if (is_null(cell)) return {};
  const auto time = time_of_local_text(text_in(cell, owner, place));
  if (time == std::chrono::system_clock::time_point{})
    throw owner.damaged(fmt::format("has {} in {}, which is no time", excerpt(cell), place.text()));
  return time;
}

// The number of the second column, whose kind, finite or not, stands in the third.
double typed_number(Statement& row, const Owner& owner, std::string_view name,
                    std::string_view type_name) {
  const std::string_view type = text_in(row.cell(3), owner, {type_name});
  if (const std::optional<double> known = value_of_type(type)) return *known;
  if (type != "FINITE")
    throw owner.damaged(
        fmt::format("has {} in {}, which is no kind of number", excerpt(type), type_name));
  const double finite = number_in(row.cell(2), owner, {name});
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

Domain distribution_in(const Cell& cell, const Owner& owner, std::string_view name) {
  const Place place{"trial_params.distribution_json", name};
  const std::string_view text = text_in(cell, owner, place);
  std::optional<Domain> domain = domain_of_json(text);
  if (domain) return *std::move(domain);
  throw owner.damaged(
      fmt::format("has {} in {}, which is no distribution", excerpt(text), place.text()));
}

TrialReader::TrialReader(const StudyRow& study, Ranges ranges)
    : study_(study), ranges_(ranges), accepted_(study.distributions) {
  for (std::size_t p = 0; p < study.description.parameters.size(); ++p)
    index_.emplace(study.description.parameters[p].name, p);
}

StoredTrial TrialReader::read(std::uint64_t number, std::int64_t id) {
  const TrialPlace place{number, id};
  return std::move(read({&place, 1}).front());
}

std::vector<StoredTrial> TrialReader::read(std::span<const TrialPlace> places) {
  std::vector<StoredTrial> trials;
  for (std::size_t first = 0; first < places.size(); first += kGroup) {
    Group group;
    for (const auto& [number, id] :
         places.subspan(first, std::min(kGroup, places.size() - first))) {
      Asked& asked = group.emplace_back();
      asked.id = id;
      asked.trial.number = number;
      asked.trial.parameters.assign(study_.description.parameters.size(), std::nan(""));
    }
    read_group(group);
    for (Asked& asked : group) trials.push_back(std::move(asked.trial));
  }
  return trials;
}

Owner TrialReader::owner_of(const Asked& asked) const {
  return {study_, fmt::format("trial {}", asked.trial.number)};
}

Statement& TrialReader::statement_for(Table& table, const Group& group) const {
  std::optional<Statement>& statement = group.size() == 1 ? table.one : table.many;
  const std::size_t places = group.size() == 1 ? 1 : kGroup;
  if (!statement)
    statement.emplace(
        *study_.database,
        fmt::format("SELECT trial_id, {} FROM {} WHERE trial_id IN ({})", table.columns, table.name,
                    fmt::join(std::vector<char>(places, '?'), ", ")));
  statement->reset();
  for (std::size_t i = 0; i < places; ++i)
    statement->bind(static_cast<int>(i) + 1, group[std::min(i, group.size() - 1)].id);
  return *statement;
}

template <typename Read>
void TrialReader::each_row(Table& table, Group& group, const Read& read) const {
  Statement& rows = statement_for(table, group);
  while (rows.next()) {
    Asked& asked = *std::ranges::find(group, integer_of(rows.cell(0)), &Asked::id);
    read(asked, rows, owner_of(asked));
  }
  rows.reset();
}

void TrialReader::read_group(Group& group) {
  each_row(row_, group,
           [](Asked& asked, Statement& row, const Owner& owner) { read_row(asked, row, owner); });
  if (!std::ranges::all_of(group, &Asked::there)) throw study_.intruded();
  each_row(parameters_, group, [&](Asked& asked, Statement& row, const Owner& owner) {
    read_parameter(asked.trial, row, owner);
  });
  if (std::ranges::any_of(group, [](const Asked& asked) { return ended(asked.trial.state); }))
    read_outcomes(group);
  read_attributes(system_attributes_, &StoredTrial::system_attributes, group);
  for (Asked& asked : group) {
    const Owner owner = owner_of(asked);
    check_values(asked, study_.description.directions.size(), owner);
    sort_intermediates(asked.trial, owner);
    take_killed(asked.trial, owner);
  }
}

void TrialReader::read_outcomes(Group& group) {
  each_row(values_, group, [&](Asked& asked, Statement& row, const Owner& owner) {
    if (asked.trial.state == TrialState::complete) read_value(asked, row, owner);
  });
  each_row(intermediates_, group, [](Asked& asked, Statement& row, const Owner& owner) {
    asked.trial.intermediates.push_back(
        {integer_in(row.cell(1), owner, {"trial_intermediate_values.step"}),
         typed_number(row, owner, "trial_intermediate_values.intermediate_value",
                      "trial_intermediate_values.intermediate_value_type")});
  });
  read_attributes(attributes_, &StoredTrial::user_attributes, group);
}

void TrialReader::read_row(Asked& asked, Statement& row, const Owner& owner) {
  const Cell word = row.cell(1);
  const auto state = state_of_word(text_in(word, owner, {"trials.state"}));
  if (!state) throw owner.damaged(fmt::format("is in no known state: {}", excerpt(word)));
  asked.there = true;
  asked.trial.state = *state;
  asked.trial.started = time_in(row.cell(2), owner, {"trials.datetime_start"});
  asked.trial.completed = time_in(row.cell(3), owner, {"trials.datetime_complete"});
}

void TrialReader::read_parameter(StoredTrial& trial, Statement& row, const Owner& owner) {
  const std::string_view name = text_in(row.cell(1), owner, {"trial_params.param_name"});
  const auto found = index_.find(name);
  if (found == index_.end())
    throw study_.refused(fmt::format(
        "has trials with the parameter {}, which this search space lacks", excerpt(name)));
  const std::size_t p = found->second;
  const StoredParameter& parameter = study_.description.parameters[p];
  double& number = trial.parameters[p];
  if (!std::isnan(number)) throw owner.damaged(fmt::format("has '{}' twice", parameter.name));
  check_distribution(p, row.cell(3), owner);
  number = number_in(row.cell(2), owner, {"trial_params.param_value", parameter.name});
  if (!parameter.takes(number))
    throw owner.damaged(fmt::format("has {} for '{}', which takes {}", number, parameter.name,
                                    takes_text(parameter)));
}

void TrialReader::check_distribution(std::size_t p, const Cell& cell, const Owner& owner) {
  const StoredParameter& parameter = study_.description.parameters[p];
  const Place place{"trial_params.distribution_json", parameter.name};
  const std::string_view text = text_in(cell, owner, place);
  if (text == accepted_[p]) return;
  const Domain theirs = distribution_in(cell, owner, parameter.name);
  const bool fits = ranges_ == Ranges::as_described ? same_domain(parameter, theirs)
                                                    : united(parameter, theirs).has_value();
  if (!fits)
    throw study_.refused(fmt::format("has {} with other values for '{}': {} there, {} here",
                                     owner.name, parameter.name, domain_text(theirs),
                                     domain_text(parameter)));
  accepted_[p] = text;
}

void TrialReader::read_value(Asked& asked, Statement& row, const Owner& owner) const {
  std::vector<double>& values = asked.trial.values;
  const std::size_t objectives = study_.description.directions.size();
  values.resize(objectives, std::nan(""));
  const std::int64_t objective = integer_in(row.cell(1), owner, {"trial_values.objective"});
  if (objective < 0 || static_cast<std::size_t>(objective) >= objectives)
    throw owner.damaged(fmt::format("has a value of objective {}, of {}", objective, objectives));
  double& value = values[static_cast<std::size_t>(objective)];
  if (!std::isnan(value))
    throw owner.damaged(fmt::format("has two values of objective {}", objective));
  value = typed_number(row, owner, "trial_values.value", "trial_values.value_type");
  if (std::isnan(value))
    throw owner.damaged(fmt::format("is complete with NAN for objective {}", objective));
  ++asked.values;
}

void TrialReader::check_values(const Asked& asked, std::size_t objectives, const Owner& owner) {
  if (asked.trial.state != TrialState::complete || asked.values == objectives) return;
  throw owner.damaged(
      fmt::format("is complete, but has {} of {} values", asked.values, objectives));
}

void TrialReader::sort_intermediates(StoredTrial& trial, const Owner& owner) {
  const auto step = &StoredTrial::Intermediate::step;
  std::ranges::sort(trial.intermediates, {}, step);
  const auto twice = std::ranges::adjacent_find(trial.intermediates, {}, step);
  if (twice != trial.intermediates.end())
    throw owner.damaged(fmt::format("has two values at step {}", twice->step));
}

void TrialReader::read_attributes(Table& table, Value StoredTrial::* attributes,
                                  Group& group) const {
  const std::string column = table.name + ".value_json";
  each_row(table, group, [&](Asked& asked, Statement& row, const Owner& owner) {
    const std::string_view key = text_in(row.cell(1), owner, {column, "a key"});
    (asked.trial.*attributes).set(key, json_in(row.cell(2), owner, {column, key}));
  });
}

void TrialReader::take_killed(StoredTrial& trial, const Owner& owner) {
  const Value* killed = trial.system_attributes.find(kKilled);
  if (killed == nullptr) return;
  if (!killed->is_int() || killed->as_int() < 0)
    throw owner.damaged(
        fmt::format("has {} in {}, which counts processes", killed->text(), kKilled));
  trial.killed = killed->as_int();
}

}  // namespace lathe
