#include "core/storage/optuna/read_study.hpp"

#include "core/base/words/suggest.hpp"
#include "core/search/plan/study_description.hpp"
#include "core/search/space/written_space.hpp"
#include "core/storage/optuna/read_trial.hpp"
#include "core/storage/optuna/text/columns.hpp"
#include "core/storage/optuna/text/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::size_t kLongestShown = 200;  // name of a study

std::int64_t find_study(const StudyRow& study) {
  const std::string& name = study.description.name;
  Statement rows(*study.database, "SELECT study_id FROM studies WHERE study_name = ?");
  if (bound(rows, name).next()) return integer_of(rows.cell(0));
  std::vector<std::string> others = study_names(*study.database);
  std::erase_if(others, [](const std::string& other) { return other.size() > kLongestShown; });
  throw usage_error(fmt::format("there is no study '{}' in '{}'{}", name, study.database->place(),
                                suggestion(name, others)));
}

Value read_attributes(const StudyRow& study) {
  Statement rows(*study.database,
                 "SELECT key, value_json FROM study_user_attributes WHERE study_id = ?");
  bound(rows, study.id);
  const Owner owner{study, "it"};
  Value attributes{Value::Map{}};
  while (rows.next()) {
    const std::string key(text_in(rows.cell(0), owner, {"study_user_attributes.key"}));
    if (key.starts_with(kOurs))
      attributes.set(key.substr(kOurs.size()),
                     json_in(rows.cell(1), owner, {"study_user_attributes.value_json", key}));
  }
  return attributes;
}

// The parameters that a study of ours was begun with.
std::vector<StoredParameter> begun_with(const StudyRow& study, const Value& space, bool as_int) {
  std::vector<StoredParameter> parameters;
  if (space == Value(Value::Map{})) return parameters;
  try {
    for (const SearchParameter& parameter : read_written_space(space).parameters)
      parameters.push_back(stored_parameter(parameter, as_int));
  } catch (const Error& error) {
    throw study.damaged(fmt::format("its search space: {}", error.message()));
  }
  return parameters;
}

void add_domain(StudyRow& study, const std::string& name, const Domain& domain,
                const Owner& trial) {
  std::vector<StoredParameter>& parameters = study.description.parameters;
  const auto known = std::ranges::find(parameters, name, &StoredParameter::name);
  if (known == parameters.end()) {
    StoredParameter& added = parameters.emplace_back();
    static_cast<Domain&>(added) = domain;
    added.name = name;
    return;
  }
  const std::optional<Domain> both = united(*known, domain);
  if (!both)
    throw trial.damaged(fmt::format("has {} for '{}', where others have {}", domain_text(domain),
                                    name, domain_text(*known)));
  static_cast<Domain&>(*known) = *both;
}

// Each text of a distribution once, by the first trial that has it.
void read_parameters(StudyRow& study) {
  Statement rows(
      *study.database,
      "SELECT param_name, distribution_json, min(number) FROM trial_params p JOIN trials t ON "
      "t.trial_id = p.trial_id WHERE study_id = ? GROUP BY 1, 2 ORDER BY min(param_id)");
  bound(rows, study.id);
  while (rows.next()) {
    const Owner trial{study, fmt::format("trial {}", integer_of(rows.cell(2)))};
    const std::string name(text_in(rows.cell(0), trial, {"trial_params.param_name"}));
    add_domain(study, name, distribution_in(rows.cell(1), trial, name), trial);
  }
}

}  // namespace

std::vector<std::string> study_names(SqlDatabase& database) {
  Statement rows(database, "SELECT study_name FROM studies ORDER BY study_id");
  std::vector<std::string> names;
  while (rows.next()) names.emplace_back(text_of(rows.cell(0)));
  return names;
}

void lock_study(SqlDatabase& database, const std::string& name) {
  Statement row(database, fmt::format("SELECT study_id FROM studies WHERE study_name = ?{}",
                                      database.locking()));
  bound(row, name).next();
}

std::vector<lathe_direction> read_directions(const StudyRow& study) {
  Statement rows(*study.database,
                 "SELECT objective, direction FROM study_directions WHERE study_id = ? "
                 "ORDER BY objective");
  bound(rows, study.id);
  std::vector<lathe_direction> directions;
  while (rows.next()) {
    const Owner owner{study, fmt::format("objective {}", directions.size())};
    const std::int64_t objective = integer_in(rows.cell(0), owner, {"study_directions.objective"});
    if (objective != static_cast<std::int64_t>(directions.size()))
      throw study.damaged(
          fmt::format("it has a direction of objective {} where that of objective {} should be",
                      objective, directions.size()));
    const std::string_view word = text_in(rows.cell(1), owner, {"study_directions.direction"});
    const auto direction = direction_of_word(word);
    if (!direction)
      throw owner.damaged(fmt::format(
          "has the direction {}, which is neither MINIMIZE nor MAXIMIZE", excerpt(word)));
    directions.push_back(*direction);
  }
  if (directions.empty()) throw study.damaged("it has no directions");
  return directions;
}

StudyRow read_study(std::shared_ptr<SqlDatabase> database, const std::string& name) {
  StudyRow study{std::move(database), {}, {}};
  StudyDescription& description = study.description;
  description.name = name;
  study.id = find_study(study);
  description.directions = read_directions(study);
  const Value attributes = read_attributes(study);
  for (const auto& [key, value] : attributes.as_map())
    if (key != "space") description.user_attributes.set(key, value);
  if (const Value* space = attributes.find("space")) {
    const Value* as_int = attributes.find("as_int");
    description.parameters = begun_with(study, *space, as_int && *as_int == Value(true));
  }
  read_parameters(study);
  for (const StoredParameter& parameter : description.parameters)
    study.distributions.push_back(distribution_json(parameter));
  return study;
}

}  // namespace lathe
