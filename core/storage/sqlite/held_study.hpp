// Studies in Optuna's tables for programs that ask and tell: each act is one transaction.
#pragma once

#include "core/search/study/held_study.hpp"
#include "core/storage/sqlite/file/database.hpp"

#include <functional>

namespace lathe {

// In the order in which they were made. Throws run_error.
std::vector<std::string> study_names(SQLite::Database& database);

// As Storage::hold_study().
void hold_sqlite_study(SQLite::Database& database, const std::string& name, Hold hold,
                       const std::function<void(HeldStudy&)>& act);

}  // namespace lathe
