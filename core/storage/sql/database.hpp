// A database as the tables of studies need it: statements whose values are written ?, transactions.
// A back end implements it; what it complains of leaves as an Error that names its place. Knows
// nothing of studies.
#pragma once

#include "core/storage/sql/cell.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

// A statement of one back end. Not thread-safe, nor are two of one database.
class PreparedSql {
 public:
  virtual ~PreparedSql() = default;
  // Before its first row again, without values.
  virtual void reset() = 0;
  // Values by place, from 1 on; copied. Numbers that are not finite are NULL.
  virtual void bind_null(int at) = 0;
  virtual void bind(int at, std::int64_t value) = 0;
  virtual void bind(int at, double value) = 0;
  virtual void bind(int at, std::string_view value) = 0;
  // The next row; false: there is none, and the statement has run to its end.
  virtual bool next() = 0;
  virtual Cell cell(int column) const = 0;  // from 0 on
  // Rows that it changed. REQUIRES: it has run to its end.
  virtual std::int64_t changes() const = 0;
};

enum class Access { reads, writes };

class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  // As errors name it: a file, or a URL without its password.
  virtual const std::string& place() const = 0;
  virtual std::unique_ptr<PreparedSql> prepare(const std::string& sql) = 0;
  virtual void begin(Access access) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  // How rows are inserted that replace those which the first two of their columns name already.
  struct Replacing {
    std::string insert;    // the word, or more
    std::string conflict;  // behind the values
  };
  virtual Replacing replacing(const std::vector<std::string>& columns) const = 0;
  // What a SELECT ends with that keeps everybody else from its rows as long as the transaction
  // lasts; empty: a transaction that writes does that of itself.
  virtual std::string_view locking() const { return {}; }
  // Throws run_error if it is no longer where it was opened.
  virtual void check_in_place() {}
};

// A statement that is run again and again.
class Statement {
 public:
  // REQUIRES: `database` outlives it.
  Statement(SqlDatabase& database, const std::string& sql) : prepared_(database.prepare(sql)) {}

  void reset() { prepared_->reset(); }
  bool next() { return prepared_->next(); }
  Cell cell(int column) const { return prepared_->cell(column); }
  std::int64_t changes() const { return prepared_->changes(); }

  void bind(int at, std::int64_t value) { prepared_->bind(at, value); }
  void bind(int at, double value) { prepared_->bind(at, value); }
  void bind(int at, std::string_view value) { prepared_->bind(at, value); }
  template <typename Value>
  void bind(int at, const std::optional<Value>& value) {
    value ? bind(at, *value) : prepared_->bind_null(at);
  }

 private:
  std::unique_ptr<PreparedSql> prepared_;
};

// The statement with its values set from left to right, before its first row.
template <typename... Values>
Statement& bound(Statement& statement, const Values&... values) {
  statement.reset();
  int at = 0;
  (statement.bind(++at, values), ...);
  return statement;
}

// Runs the statement to its end; rows are left unread. The number of rows that it changed.
template <typename... Values>
std::int64_t run(Statement& statement, const Values&... values) {
  bound(statement, values...);
  while (statement.next()) {
  }
  return statement.changes();
}

// Undone unless it is committed.
class SqlTransaction {
 public:
  SqlTransaction(SqlDatabase& database, Access access) : database_(database) {
    database_.begin(access);
  }
  ~SqlTransaction() {
    if (!committed_) database_.rollback();
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;
  void commit() {
    database_.commit();
    committed_ = true;
  }

 private:
  SqlDatabase& database_;
  bool committed_ = false;
};

}  // namespace lathe
