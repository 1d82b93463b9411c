#include "core/storage/sqlite/file/sql.hpp"

#include "core/storage/sqlite/file/database.hpp"
#include "core/storage/sqlite/file/schema.hpp"

#include <cmath>

namespace lathe {
namespace {

class SqliteStatement final : public PreparedSql {
 public:
  SqliteStatement(SQLite::Database& database, const std::string& sql)
      : database_(database), statement_(database, sql) {}

  void reset() override {
    statement_.tryReset();  // an error that its last run ended with was thrown then
    statement_.clearBindings();
  }
  void bind_null(int at) override { statement_.bind(at); }
  void bind(int at, std::int64_t value) override { statement_.bind(at, value); }
  void bind(int at, double value) override {
    std::isfinite(value) ? statement_.bind(at, value) : statement_.bind(at);
  }
  void bind(int at, std::string_view value) override { statement_.bind(at, std::string(value)); }
  bool next() override {
    return with_errors_of(database_.getFilename(), [&] { return statement_.executeStep(); });
  }
  // The type that the cell has, not the one its column is declared with.
  Cell cell(int column) const override {
    const SQLite::Column cell = statement_.getColumn(column);
    if (cell.isInteger()) return cell.getInt64();
    if (cell.isFloat()) return cell.getDouble();
    if (cell.isNull()) return {};
    if (cell.isBlob()) return BlobCell{static_cast<std::size_t>(cell.getBytes())};
    const char* text = cell.getText();
    return std::string_view(text, static_cast<std::size_t>(cell.getBytes()));
  }
  std::int64_t changes() const override { return database_.getChanges(); }

 private:
  SQLite::Database& database_;
  mutable SQLite::Statement statement_;
};

class SqliteSql final : public SqlDatabase {
 public:
  SqliteSql(std::shared_ptr<SQLite::Database> database)
      : database_(std::move(database)), place_(database_->getFilename()) {}

  const std::string& place() const override { return place_; }
  std::unique_ptr<PreparedSql> prepare(const std::string& sql) override {
    return with_errors_of(place_,
                          [&] { return std::make_unique<SqliteStatement>(*database_, sql); });
  }
  // Whoever writes takes the lock at once, not at the first write.
  void begin(Access access) override {
    exec(access == Access::writes ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
  }
  void commit() override { exec("COMMIT"); }
  void rollback() noexcept override { database_->tryExec("ROLLBACK"); }
  // Also where a damaged file's table has lost the constraint that ON CONFLICT names.
  Replacing replacing(const std::vector<std::string>&) const override {
    return {"INSERT OR REPLACE", ""};
  }
  void check_in_place() override { lathe::check_in_place(*database_); }

 private:
  void exec(const char* sql) {
    with_errors_of(place_, [&] { return database_->exec(sql); });
  }

  std::shared_ptr<SQLite::Database> database_;
  const std::string place_;
};

}  // namespace

std::shared_ptr<SqlDatabase> open_sqlite_sql(const std::filesystem::path& path,
                                             std::chrono::milliseconds lock_wait) {
  auto database = open_database(path, lock_wait);
  with_errors_of(path, [&] { prepare_schema(*database); });
  return std::make_shared<SqliteSql>(std::move(database));
}

}  // namespace lathe
