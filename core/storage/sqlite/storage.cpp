#include "core/storage/sqlite/storage.hpp"

#include "core/storage/optuna/held_study.hpp"
#include "core/storage/optuna/read_study.hpp"
#include "core/storage/sqlite/file/database.hpp"
#include "core/storage/sqlite/file/sql.hpp"
#include "core/storage/sqlite/study.hpp"

namespace lathe {
namespace {

class SqliteStorage final : public Storage {
 public:
  explicit SqliteStorage(std::shared_ptr<SqlDatabase> database) : database_(std::move(database)) {}
  std::unique_ptr<Study> open_study(const StudyDescription& description) override {
    return open_sqlite_study(database_, description);
  }
  std::vector<std::string> studies() override { return study_names(*database_); }
  void hold_study(const std::string& name, Hold hold,
                  const std::function<void(HeldStudy&)>& act) override {
    hold_optuna_study(database_, name, hold, act);
  }

 private:
  std::shared_ptr<SqlDatabase> database_;
};

}  // namespace

std::shared_ptr<Storage> open_sqlite_storage(std::string_view path, const StorageOptions& options) {
  return std::make_shared<SqliteStorage>(open_sqlite_sql(path, options.lock_wait));
}

void check_sqlite_storage(std::string_view path) { check_place_of(path); }

}  // namespace lathe
