// Optuna's tables (RDB schema 12) as its SQLAlchemy models make them on PostgreSQL, and one of our
// own beside them: who works on which trial.
#pragma once

#include "core/storage/sql/database.hpp"

namespace lathe {

// Makes the tables that the schema in use lacks; refuses those of another program. They bear no
// version: whichever Optuna opens them first stamps them as its own. REQUIRES: a transaction in
// which nobody else does this.
void prepare_postgres_schema(SqlDatabase& database);

}  // namespace lathe
