// A SQLite file as the storage's tables use databases.
#pragma once

#include "core/storage/sql/database.hpp"

#include <chrono>
#include <filesystem>

namespace lathe {

// Opens the file, or makes it, with Optuna's tables. Throws run_error.
std::shared_ptr<SqlDatabase> open_sqlite_sql(const std::filesystem::path& path,
                                             std::chrono::milliseconds lock_wait);

}  // namespace lathe
