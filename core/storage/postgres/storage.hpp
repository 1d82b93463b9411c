// Studies on a PostgreSQL server, in Optuna's schema.
#pragma once

#include "core/search/search.hpp"

namespace lathe {

// Connects, and makes the tables that are not there. Throws usage_error for a URL that cannot be
// read, run_error for a server that cannot be used.
std::shared_ptr<Storage> open_postgres_storage(const std::string& url,
                                               const StorageOptions& options);

}  // namespace lathe
