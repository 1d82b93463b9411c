#include "core/storage/postgres/server/schema.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <span>

namespace lathe {
namespace {

constexpr const char* kOptunaTables[] = {
    "CREATE TYPE studydirection AS ENUM ('NOT_SET', 'MINIMIZE', 'MAXIMIZE')",
    "CREATE TYPE trialstate AS ENUM ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING')",
    "CREATE TYPE trialvaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG')",
    "CREATE TYPE trialintermediatevaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG', 'NAN')",
    "CREATE TABLE studies (study_id SERIAL PRIMARY KEY, study_name VARCHAR(512) NOT NULL)",
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
    "CREATE TABLE version_info (version_info_id SERIAL PRIMARY KEY CHECK (version_info_id = 1), "
    "schema_version INTEGER, library_version VARCHAR(256))",
    "CREATE TABLE study_directions (study_direction_id SERIAL PRIMARY KEY, "
    "direction studydirection NOT NULL, study_id INTEGER NOT NULL REFERENCES studies (study_id), "
    "objective INTEGER NOT NULL, UNIQUE (study_id, objective))",
    "CREATE TABLE study_user_attributes (study_user_attribute_id SERIAL PRIMARY KEY, "
    "study_id INTEGER REFERENCES studies (study_id), key VARCHAR(512), value_json TEXT, "
    "UNIQUE (study_id, key))",
    "CREATE TABLE study_system_attributes (study_system_attribute_id SERIAL PRIMARY KEY, "
    "study_id INTEGER REFERENCES studies (study_id), key VARCHAR(512), value_json TEXT, "
    "UNIQUE (study_id, key))",
    "CREATE TABLE trials (trial_id SERIAL PRIMARY KEY, number INTEGER, "
    "study_id INTEGER REFERENCES studies (study_id), state trialstate NOT NULL, "
    "datetime_start TIMESTAMP WITHOUT TIME ZONE, datetime_complete TIMESTAMP WITHOUT TIME ZONE)",
    "CREATE INDEX ix_trials_study_id ON trials (study_id)",
    "CREATE TABLE trial_user_attributes (trial_user_attribute_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER REFERENCES trials (trial_id), key VARCHAR(512), value_json TEXT, "
    "UNIQUE (trial_id, key))",
    "CREATE TABLE trial_system_attributes (trial_system_attribute_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER REFERENCES trials (trial_id), key VARCHAR(512), value_json TEXT, "
    "UNIQUE (trial_id, key))",
    "CREATE TABLE trial_params (param_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER REFERENCES trials (trial_id), param_name VARCHAR(512), "
    "param_value DOUBLE PRECISION, distribution_json TEXT, UNIQUE (trial_id, param_name))",
    "CREATE TABLE trial_values (trial_value_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER NOT NULL REFERENCES trials (trial_id), objective INTEGER NOT NULL, "
    "value DOUBLE PRECISION, value_type trialvaluetype NOT NULL, UNIQUE (trial_id, objective))",
    "CREATE TABLE trial_intermediate_values (trial_intermediate_value_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER NOT NULL REFERENCES trials (trial_id), step INTEGER NOT NULL, "
    "intermediate_value DOUBLE PRECISION, "
    "intermediate_value_type trialintermediatevaluetype NOT NULL, UNIQUE (trial_id, step))",
    "CREATE TABLE trial_heartbeats (trial_heartbeat_id SERIAL PRIMARY KEY, "
    "trial_id INTEGER NOT NULL UNIQUE REFERENCES trials (trial_id), "
    "heartbeat TIMESTAMP WITHOUT TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) CONSTRAINT alembic_version_pkc PRIMARY "
    "KEY)",
};

// No reference to the trials, so that whoever deletes a study need not know of it.
constexpr const char* kLeases[] = {
    "CREATE TABLE lathe_leases (trial_id INTEGER PRIMARY KEY, worker TEXT NOT NULL, "
    "token BIGINT NOT NULL, duration INTERVAL NOT NULL, expires TIMESTAMP WITH TIME ZONE NOT NULL)",
};

// What is read and written here; whatever else there may be is not looked at.
struct Table {
  const char* name;
  std::initializer_list<const char*> columns;
};
const Table kTables[] = {
    {"studies", {"study_id", "study_name"}},
    {"study_directions", {"study_id", "direction", "objective"}},
    {"study_user_attributes", {"study_id", "key", "value_json"}},
    {"trials", {"trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete"}},
    {"trial_params", {"trial_id", "param_name", "param_value", "distribution_json"}},
    {"trial_values", {"trial_id", "objective", "value", "value_type"}},
    {"trial_intermediate_values",
     {"trial_id", "step", "intermediate_value", "intermediate_value_type"}},
    {"trial_user_attributes", {"trial_id", "key", "value_json"}},
    {"trial_system_attributes", {"trial_id", "key", "value_json"}},
};

// What version_info holds of Optuna's schema, in all its versions so far.
constexpr std::int64_t kSchemaVersion = 12;

bool there_is(SqlDatabase& database, const char* table) {
  Statement find(database, "SELECT to_regclass(?) IS NOT NULL");
  bound(find, std::string_view(table)).next();
  return text_of(find.cell(0)) == "t";
}

void make(SqlDatabase& database, std::span<const char* const> statements) {
  for (const char* sql : statements) {
    Statement statement(database, sql);
    run(statement);
  }
}

void check_tables(SqlDatabase& database) {
  Statement find(database,
                 "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ? AND "
                 "NOT attisdropped");
  for (const auto& [table, columns] : kTables)
    for (const char* column : columns)
      if (!bound(find, std::string_view(table), std::string_view(column)).next())
        throw run_error(
            LATHE_FAILED_PRECONDITION,
            fmt::format("'{}' has a table 'studies', but no column '{}.{}': it was not written by "
                        "Optuna 3.0 or newer; run `optuna storage upgrade` on it, or choose "
                        "another database or schema (--storage 'URL?options=-csearch_path=NAME')",
                        database.place(), table, column));
}

void check_version(SqlDatabase& database) {
  if (!there_is(database, "version_info")) return;
  Statement version(database, "SELECT schema_version, library_version FROM version_info");
  if (!bound(version).next() || integer_of(version.cell(0)) == kSchemaVersion) return;
  throw run_error(
      LATHE_FAILED_PRECONDITION,
      fmt::format("'{}' was written by Optuna {} in the schema {}, but this Lathe knows the schema "
                  "{}; choose another --storage",
                  database.place(), text_of(version.cell(1)), integer_of(version.cell(0)),
                  kSchemaVersion));
}

}  // namespace

void prepare_postgres_schema(SqlDatabase& database) {
  if (there_is(database, "studies")) {
    check_tables(database);
    check_version(database);
  } else {
    make(database, kOptunaTables);
  }
  if (!there_is(database, "lathe_leases")) make(database, kLeases);
}

}  // namespace lathe
