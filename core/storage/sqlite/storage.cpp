#include "core/storage/sqlite/storage.hpp"

#include "core/storage/sqlite/file/schema.hpp"
#include "core/storage/sqlite/held_study.hpp"
#include "core/storage/sqlite/read_study.hpp"
#include "core/storage/sqlite/study.hpp"

namespace lathe {
namespace {

class SqliteStorage final : public Storage {
 public:
  explicit SqliteStorage(std::shared_ptr<SQLite::Database> database)
      : database_(std::move(database)) {}
  std::unique_ptr<Study> open_study(const StudyDescription& description) override {
    return open_sqlite_study(database_, description);
  }
  std::vector<std::string> studies() override {
    return with_errors_of(database_->getFilename(), [&] { return study_names(*database_); });
  }
  void hold_study(const std::string& name, Hold hold,
                  const std::function<void(HeldStudy&)>& act) override {
    hold_sqlite_study(database_, name, hold, act);
  }

 private:
  std::shared_ptr<SQLite::Database> database_;
};

}  // namespace

std::shared_ptr<Storage> open_sqlite_storage(std::string_view path, const StorageOptions& options) {
  const auto database = open_database(path, options.lock_wait);
  with_errors_of(path, [&] { prepare_schema(*database); });
  return std::make_shared<SqliteStorage>(database);
}

void check_sqlite_storage(std::string_view path) { check_place_of(path); }

}  // namespace lathe
