// Inserts the rows that a trial has in one table by one statement: one for each row costs three
// times as much.
#pragma once

#include "core/storage/sql/database.hpp"

#include <functional>
#include <map>
#include <vector>

namespace lathe {

class RowGroup {
 public:
  // REQUIRES: `database` outlives it.
  RowGroup(SqlDatabase& database, std::string table, std::vector<std::string> columns);

  // Binds the columns of row `row` to the variables from `first` on. A row that the first two
  // columns name already is replaced.
  using Bind = std::function<void(Statement& statement, int first, std::size_t row)>;
  void insert(std::size_t rows, const Bind& bind);

 private:
  Statement& statement_for(std::size_t rows);

  SqlDatabase& database_;
  const std::string table_;
  const std::vector<std::string> columns_;
  std::map<std::size_t, Statement> statements_;  // by rows
};

}  // namespace lathe
