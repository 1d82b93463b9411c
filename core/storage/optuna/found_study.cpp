#include "core/storage/optuna/found_study.hpp"

#include "core/storage/optuna/check_study.hpp"
#include "core/storage/optuna/text/columns.hpp"
#include "core/storage/optuna/text/distribution.hpp"

namespace lathe {
namespace {

void make(StudyRow& study) {
  Statement add(*study.database, "INSERT INTO studies (study_name) VALUES (?) RETURNING study_id");
  bound(add, study.description.name).next();
  study.id = integer_of(add.cell(0));
  Statement direction(
      *study.database,
      "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)");
  std::int64_t objective = 0;
  for (const lathe_direction each : study.description.directions)
    run(direction, direction_word(each), study.id, objective++);
}

}  // namespace

StudyRow found_study(std::shared_ptr<SqlDatabase> database, const StudyDescription& description) {
  StudyRow study{std::move(database), description, {}};
  for (const StoredParameter& parameter : description.parameters)
    study.distributions.push_back(distribution_json(parameter));
  Statement find(*study.database, "SELECT study_id FROM studies WHERE study_name = ?");
  if (bound(find, study.description.name).next()) {
    study.id = integer_of(find.cell(0));
    find.reset();
    check_directions(study);
  } else {
    make(study);
  }
  check_attributes(study);
  return study;
}

}  // namespace lathe
