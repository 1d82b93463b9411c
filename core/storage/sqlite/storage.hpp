// Studies in a SQLite file, in Optuna's schema.
#pragma once

#include "core/search/search.hpp"

#include <string_view>

namespace lathe {

// Opens the file at `path`, or makes it. Throws run_error.
std::shared_ptr<Storage> open_sqlite_storage(std::string_view path, const StorageOptions& options);
// Throws run_error where no study can be, as far as that shows without opening it.
void check_sqlite_storage(std::string_view path);

}  // namespace lathe
