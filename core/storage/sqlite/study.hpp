// A study in Optuna's tables on SQLite.
#pragma once

#include "core/search/search.hpp"
#include "core/storage/sql/database.hpp"

namespace lathe {

// Opens or makes the study; `database` has the schema. Throws an error that says what differs from
// `description` if the study exists and is another's.
std::unique_ptr<Study> open_sqlite_study(const std::shared_ptr<SqlDatabase>& database,
                                         const StudyDescription& description);

}  // namespace lathe
