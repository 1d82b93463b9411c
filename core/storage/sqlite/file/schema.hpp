// Optuna's tables (RDB schema 12; the same from Optuna 3.0 on).
#pragma once

#include "core/storage/sqlite/file/database.hpp"

namespace lathe {

// Makes the tables in an empty file; refuses a file that holds anything else. They bear no version:
// whichever Optuna opens them first stamps them as its own, and is left its stamp, without which it
// could not open a file that it may not write.
void prepare_schema(SQLite::Database& database);

}  // namespace lathe
