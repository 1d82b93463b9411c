#include "core/storage/sql/row_group.hpp"

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

RowGroup::RowGroup(SqlDatabase& database, std::string table, std::vector<std::string> columns)
    : database_(database), table_(std::move(table)), columns_(std::move(columns)) {}

Statement& RowGroup::statement_for(std::size_t rows) {
  const auto known = statements_.find(rows);
  if (known != statements_.end()) return known->second;
  const auto [insert, conflict] = database_.replacing(columns_);
  return statements_
      .try_emplace(
          rows, database_,
          fmt::format("{} INTO {} ({}) VALUES {}{}", insert, table_, fmt::join(columns_, ", "),
                      placeholders(rows, columns_.size()), conflict))
      .first->second;
}

void RowGroup::insert(std::size_t rows, const Bind& bind) {
  for (std::size_t first = 0; first < rows; first += kMostRows) {
    const std::size_t count = std::min(kMostRows, rows - first);
    Statement& statement = statement_for(count);
    statement.reset();
    for (std::size_t i = 0; i < count; ++i)
      bind(statement, static_cast<int>(i * columns_.size()) + 1, first + i);
    while (statement.next()) {
    }
    statement.reset();
  }
}

}  // namespace lathe
