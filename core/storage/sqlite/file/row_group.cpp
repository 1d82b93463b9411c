#include "core/storage/sqlite/file/row_group.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {
namespace {

// Of one statement: SQLite takes 999 variables everywhere.
constexpr std::size_t kMostRows = 128;

// "(?,?),(?,?)"
std::string placeholders(std::size_t rows, std::size_t columns) {
  const std::string row = fmt::format("({})", fmt::join(std::vector<char>(columns, '?'), ","));
  return fmt::format("{}", fmt::join(std::vector<std::string>(rows, row), ","));
}

}  // namespace

RowGroup::RowGroup(SQLite::Database& database, std::string table, std::vector<std::string> columns)
    : database_(database), table_(std::move(table)), columns_(std::move(columns)) {}

SQLite::Statement& RowGroup::statement_for(std::size_t rows) {
  const auto known = statements_.find(rows);
  if (known != statements_.end()) return known->second;
  return statements_
      .try_emplace(rows, database_,
                   fmt::format("INSERT OR REPLACE INTO {} ({}) VALUES {}", table_,
                               fmt::join(columns_, ", "), placeholders(rows, columns_.size())))
      .first->second;
}

void RowGroup::insert(std::size_t rows, const Bind& bind) {
  for (std::size_t first = 0; first < rows; first += kMostRows) {
    const std::size_t count = std::min(kMostRows, rows - first);
    SQLite::Statement& statement = statement_for(count);
    statement.tryReset();  // an error that its last run ended with was thrown then
    for (std::size_t i = 0; i < count; ++i)
      bind(statement, static_cast<int>(i * columns_.size()) + 1, first + i);
    statement.exec();
    statement.tryReset();
  }
}

}  // namespace lathe
