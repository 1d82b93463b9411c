// SQLite as objects: a connection, prepared statements, and errors that say which file and what to
// do. Knows nothing about studies.
#pragma once

#include "core/base/error.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace lathe {

class Database {
 public:
  // Makes the file if there is none. Throws run_error.
  explicit Database(const std::filesystem::path& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  std::int64_t last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }
  // The error that a result code means for this file.
  Error error(int code) const;

 private:
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

// One prepared statement. bind() sets parameters from left to right; step() and then column().
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  template <typename... Values>
  Statement& bind(const Values&... values) {
    sqlite3_reset(handle_.get());
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  bool step();  // true: there is a row
  void run() {
    while (step()) {
    }
    sqlite3_reset(handle_.get());
  }

  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  double real(int column) const { return sqlite3_column_double(handle_.get(), column); }
  bool null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
  // Valid until the next step().
  std::string_view text(int column) const;

 private:
  void bind_one(int index, std::int64_t value) {
    check(sqlite3_bind_int64(handle_.get(), index, value));
  }
  void bind_one(int index, double value) {
    check(sqlite3_bind_double(handle_.get(), index, value));
  }
  void bind_one(int index, std::nullptr_t) { check(sqlite3_bind_null(handle_.get(), index)); }
  // Borrowed until the statement has run.
  void bind_one(int index, std::string_view value) {
    check(sqlite3_bind_text(handle_.get(), index, value.data(), static_cast<int>(value.size()),
                            SQLITE_STATIC));
  }
  void check(int code) const;

  Database& database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> handle_;
};

// Everything until commit() or nothing. Takes the write lock at once.
class WriteTransaction {
 public:
  explicit WriteTransaction(Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~WriteTransaction() {
    if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    database_.execute("COMMIT");
    open_ = false;
  }

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace lathe
