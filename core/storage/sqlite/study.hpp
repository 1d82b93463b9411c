// A study in Optuna's tables on SQLite.
#pragma once

#include "core/search/search.hpp"
#include "core/storage/sqlite/file/database.hpp"

namespace lathe {

// Opens or makes the study; `database` has the schema. Throws an error that says what differs from
// `description` if the study exists and is another's.
std::unique_ptr<Study> open_sqlite_study(std::shared_ptr<SQLite::Database> database,
                                         const StudyDescription& description);

}  // namespace lathe
