#include "core/cli/study/shown_trials.hpp"

#include "core/base/clock.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe {
namespace {

std::string objective_column(std::size_t objective, std::size_t objectives) {
  return objectives == 1 ? "value" : fmt::format("values_{}", objective);
}

std::string params_text(const Value& params) {
  std::string text;
  for (const auto& [name, value] : params.as_map())
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, cell_text(value));
  return text;
}

// JSON has no infinity.
Json number(double value) {
  if (std::isfinite(value)) return value;
  return value > 0 ? Json("inf") : Json("-inf");
}

std::string time_text(Time time) { return time == Time{} ? "" : local_text(time); }

}  // namespace

Json json_of(const HeldTrial& trial) {
  Json values = Json::array();
  for (const double value : trial.values) values.push_back(number(value));
  return {{"number", trial.number},
          {"state", state_word(trial.state)},
          {"values", trial.state == TrialState::complete ? std::move(values) : Json()},
          {"params", json_of(trial.params)}};
}

TextTable table_of(const std::vector<HeldTrial>& trials, std::size_t objectives) {
  TextTable table{{"trial", "state"}, {}};
  for (std::size_t objective = 0; objective < objectives; ++objective)
    table.columns.push_back(objective_column(objective, objectives));
  table.columns.emplace_back("parameters");
  for (const HeldTrial& trial : trials) {
    std::vector<std::string> row{fmt::format("{}", trial.number),
                                 std::string(state_word(trial.state))};
    for (std::size_t objective = 0; objective < objectives; ++objective)
      row.push_back(objective < trial.values.size() ? number_text(trial.values[objective]) : "-");
    row.push_back(params_text(trial.params));
    table.rows.push_back(std::move(row));
  }
  return table;
}

PointTable points_of(const std::vector<HeldTrial>& best, const StudyDescription& description) {
  const std::size_t objectives = description.directions.size();
  PointTable table{{{"trial"}, {}}, {}, {}};
  for (std::size_t objective = 0; objective < objectives; ++objective)
    table.points.columns.push_back(objective_column(objective, objectives));
  for (const HeldTrial& trial : best) {
    std::vector<std::string>& row =
        table.points.rows.emplace_back(1, fmt::format("{}", trial.number));
    for (const double value : trial.values) row.push_back(number_text(value));
  }
  for (const StoredParameter& parameter : description.parameters) {
    table.parameters.push_back(parameter.name);
    std::vector<std::string>& cells = table.choices.emplace_back();
    for (const HeldTrial& trial : best) {
      const Value* value = trial.params.find(parameter.name);
      cells.push_back(value == nullptr ? "-" : cell_text(*value));
    }
  }
  return table;
}

TextTable columns_of(const std::vector<HeldTrial>& trials, const StudyDescription& description) {
  const std::size_t objectives = description.directions.size();
  TextTable table{{"number"}, {}};
  for (std::size_t objective = 0; objective < objectives; ++objective)
    table.columns.push_back(objective_column(objective, objectives));
  table.columns.insert(table.columns.end(), {"datetime_start", "datetime_complete"});
  for (const StoredParameter& parameter : description.parameters)
    table.columns.push_back(fmt::format("params_{}", parameter.name));
  table.columns.emplace_back("state");
  for (const HeldTrial& trial : trials) {
    std::vector<std::string> row{fmt::format("{}", trial.number)};
    for (std::size_t objective = 0; objective < objectives; ++objective)
      row.push_back(objective < trial.values.size() ? fmt::format("{}", trial.values[objective])
                                                    : "");
    row.push_back(time_text(trial.started));
    row.push_back(time_text(trial.completed));
    for (const StoredParameter& parameter : description.parameters) {
      const Value* value = trial.params.find(parameter.name);
      row.push_back(value == nullptr || value->is_none() ? "" : value->text());
    }
    row.emplace_back(state_word(trial.state));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace lathe
