// A study in Optuna's tables on PostgreSQL, which any number of processes work on.
#pragma once

#include "core/search/search.hpp"
#include "core/storage/postgres/server/sql.hpp"

namespace lathe {

// Opens or makes the study; `database` has the schema and is connected to `url`. Throws an error
// that says what differs from `description` if the study exists and is another's.
std::unique_ptr<Study> open_postgres_study(const std::shared_ptr<PostgresSql>& database,
                                           const std::string& url,
                                           const StudyDescription& description,
                                           const StorageOptions& options);

// Nobody else makes tables and studies in the database until the transaction ends.
void lock_database(SqlDatabase& database);

}  // namespace lathe
