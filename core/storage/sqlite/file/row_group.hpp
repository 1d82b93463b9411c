// Inserts the rows that a trial has in one table by one statement: one for each row costs three
// times as much.
#pragma once

#include "core/storage/sqlite/file/database.hpp"

#include <functional>
#include <map>

namespace lathe {

class RowGroup {
 public:
  // REQUIRES: `database` outlives it.
  RowGroup(SQLite::Database& database, std::string table, std::vector<std::string> columns);

  // Binds the columns of row `row` to the variables from `first` on. Texts may be bound without a
  // copy: they are read before insert() returns.
  using Bind = std::function<void(SQLite::Statement& statement, int first, std::size_t row)>;
  void insert(std::size_t rows, const Bind& bind);

 private:
  SQLite::Statement& statement_for(std::size_t rows);

  SQLite::Database& database_;
  const std::string table_;
  const std::vector<std::string> columns_;
  std::map<std::size_t, SQLite::Statement> statements_;  // by rows
};

}  // namespace lathe
