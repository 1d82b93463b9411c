// Optuna's tables, as its SQLAlchemy models emit them.
#include "core/storage/sqlite/file/schema.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <set>
#include <string>

namespace lathe {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS studies (
  study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE UNIQUE INDEX IF NOT EXISTS ix_studies_study_name ON studies (study_name);
CREATE TABLE IF NOT EXISTS version_info (
  version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE IF NOT EXISTS study_directions (
  study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL,
  objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE IF NOT EXISTS study_user_attributes (
  study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE IF NOT EXISTS study_system_attributes (
  study_system_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE IF NOT EXISTS trials (
  trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
  datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE IF NOT EXISTS trial_user_attributes (
  trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS trial_system_attributes (
  trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS trial_params (
  param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS trial_values (
  trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id),
  UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS trial_intermediate_values (
  trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS trial_heartbeats (
  trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  heartbeat DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (trial_heartbeat_id),
  UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE IF NOT EXISTS alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
)sql";

// What version_info holds of Optuna's schema, in all its versions so far.
constexpr std::int64_t kSchemaVersion = 12;

std::set<std::string> names(SQLite::Database& database, const std::string& sql) {
  std::set<std::string> result;
  SQLite::Statement statement(database, sql);
  while (statement.executeStep()) result.insert(statement.getColumn(0).getString());
  return result;
}

std::set<std::string> tables_of(SQLite::Database& database) {
  return names(database, "SELECT name FROM sqlite_master WHERE type='table'");
}

std::set<std::string> columns_of(SQLite::Database& database, const std::string& table) {
  return names(database, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
}

void check_tables(SQLite::Database& database, const std::set<std::string>& tables) {
  if (!tables.count("studies") || !tables.count("trials"))
    throw run_error(LATHE_FAILED_PRECONDITION,
                    fmt::format("'{}' is the database of another program (it has a table '{}'); "
                                "choose another --storage",
                                database.getFilename(), *tables.begin()));
  SQLite::Database right(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  right.exec(kTables);
  for (const std::string& table : tables_of(right)) {
    const std::set<std::string> columns = columns_of(database, table);
    for (const std::string& column : columns_of(right, table))
      if (!columns.count(column))
        throw run_error(
            LATHE_FAILED_PRECONDITION,
            fmt::format(
                "'{}' has no column '{}.{}': it was not written by Optuna 3.0 or newer; run "
                "`optuna storage upgrade` on it, or choose another --storage",
                database.getFilename(), table, column));
  }
}

void check_version(SQLite::Database& database) {
  SQLite::Statement version(database, "SELECT schema_version, library_version FROM version_info");
  if (!version.executeStep() || version.getColumn(0).getInt64() == kSchemaVersion) return;
  throw run_error(
      LATHE_FAILED_PRECONDITION,
      fmt::format("'{}' was written by Optuna {} in the schema {}, but this Lathe knows the schema "
                  "{}; choose another --storage",
                  database.getFilename(), version.getColumn(1).getString(),
                  version.getColumn(0).getString(), kSchemaVersion));
}

}  // namespace

void prepare_schema(SQLite::Database& database) {
  const std::set<std::string> tables = tables_of(database);
  if (tables.empty()) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec(kTables);
    transaction.commit();
    return;
  }
  check_tables(database, tables);
  check_version(database);
}

}  // namespace lathe
