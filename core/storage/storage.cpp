// The one symbol of this library: a storage for a URL.
#include "core/storage/schema.hpp"
#include "core/storage/study.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

constexpr std::string_view kSqlite = "sqlite:///";

class SqliteStorage final : public Storage {
 public:
  explicit SqliteStorage(const std::filesystem::path& path)
      : database_(std::make_shared<Database>(path)) {
    prepare_schema(*database_);
  }
  std::unique_ptr<Study> open_study(const StudyDescription& description) override {
    return open_sqlite_study(database_, description);
  }

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace
}  // namespace lathe

extern "C" LATHE_EXPORT std::shared_ptr<lathe::Storage>* lathe_open_storage(const char* url);

// C linkage so that its name is plain; the caller owns what it returns.
extern "C" std::shared_ptr<lathe::Storage>* lathe_open_storage(const char* url) {
  const std::string_view text = url;
  if (!text.starts_with(lathe::kSqlite) || text.size() == lathe::kSqlite.size())
    throw lathe::usage_error(fmt::format(
        "cannot store a study at '{}'; write sqlite:///study.db for a file in this folder, or "
        "sqlite:////absolute/path/study.db",
        text));
  return new std::shared_ptr<lathe::Storage>(
      std::make_shared<lathe::SqliteStorage>(text.substr(lathe::kSqlite.size())));
}
