// Optuna's tables (RDB schema 12; the same from Optuna 3.0 on).
#pragma once

#include "core/storage/sqlite/database.hpp"

namespace lathe {

// Makes the tables in an empty file; refuses a file that holds anything else. Clears the version
// stamp, so that whichever Optuna opens the file next takes it for its own.
void prepare_schema(SQLite::Database& database);

}  // namespace lathe
