#include "core/storage/optuna/check_study.hpp"

#include "core/search/study/differences.hpp"
#include "core/storage/optuna/cells.hpp"
#include "core/storage/optuna/read_study.hpp"
#include "core/storage/optuna/text/json.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

std::vector<std::string> verbs_of(const std::vector<lathe_direction>& directions) {
  std::vector<std::string> verbs;
  for (const lathe_direction each : directions)
    verbs.emplace_back(each == LATHE_DIRECTION_MAXIMIZE ? "maximize" : "minimize");
  return verbs;
}

Error begun_otherwise(const StudyRow& study, const std::string& difference) {
  return study.refused("was begun " + difference);
}

// What the study was begun with and this search does without.
void check_nothing_more(const StudyRow& study, const Value& facts) {
  Statement rows(*study.database,
                 "SELECT key FROM study_user_attributes WHERE study_id = ? AND substr(key, "
                 "1, ?) = ?");
  bound(rows, study.id, static_cast<std::int64_t>(kOurs.size()), kOurs);
  while (rows.next()) {
    const std::string_view key =
        text_in(rows.cell(0), {study, "it"}, {"study_user_attributes.key"});
    const std::string_view name = key.substr(kOurs.size());
    if (facts.find(name) == nullptr)
      throw study.refused(
          fmt::format("was begun with {}, but this search has none", excerpt(name)));
  }
}

}  // namespace

void check_directions(const StudyRow& study) {
  const std::string difference =
      difference_of_directions(verbs_of(read_directions(study)),
                               verbs_of(study.description.directions), facts_of(study.description));
  if (!difference.empty()) throw begun_otherwise(study, difference);
}

void check_attributes(const StudyRow& study) {
  Statement find(*study.database,
                 "SELECT value_json FROM study_user_attributes WHERE study_id = ? AND key = ?");
  Statement add(*study.database,
                "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (?, ?, ?)");
  const Value facts = facts_of(study.description);
  check_nothing_more(study, facts);
  Value begun{Value::Map{}}, now{Value::Map{}};
  for (const auto& [name, ours] : facts.as_map()) {
    if (ours.is_none()) continue;  // whoever reads the study does not know it
    const std::string key = fmt::format("{}{}", kOurs, name);
    const std::string text = json_text(ours);
    if (!bound(find, study.id, key).next()) {
      run(add, study.id, key, text);
      continue;
    }
    begun.set(name,
              json_in(find.cell(0), {study, "it"}, {"study_user_attributes.value_json", key}));
    now.set(name, value_of_json(text).value_or(Value()));  // as it would be read
  }
  const std::string difference = difference_text(begun, now);
  if (!difference.empty()) throw begun_otherwise(study, difference);
}

}  // namespace lathe
