// Opens SQLite files for one writer among readers (WAL), leaves them as one file, and turns result
// codes into sentences.
#include "core/storage/sqlite/file/database.hpp"

#include "core/base/file.hpp"
#include "core/storage/sqlite/file/turn.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <random>
#include <thread>

namespace lathe {
namespace {

namespace fs = std::filesystem;

bool is_busy(const SQLite::Exception& complaint) {
  const int code = complaint.getErrorCode() & 0xff;
  return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

// What SQLite calls while a lock is another's; 0: it gives up.
int wait_for_turn(void* turn, int calls) {
  auto& waiting = *static_cast<Turn*>(turn);
  if (calls == 0) waiting.begin();
  return waiting.wait() ? 1 : 0;
}

// For statements that fail at once, without that call.
void exec_in_turn(SQLite::Database& database, const char* statement, Turn& turn) {
  turn.begin();
  for (;;) {
    try {
      database.exec(statement);
      return;
    } catch (const SQLite::Exception& complaint) {
      if (!is_busy(complaint) || !turn.wait()) throw;
    }
  }
}

// Moves what the WAL holds into the file and removes it. False: another process has it open.
bool leave_wal(SQLite::Database& database) {
  database.setBusyTimeout(0);
  SQLite::Statement mode(database, "PRAGMA journal_mode=DELETE");
  return mode.executeStep() && mode.getColumn(0).getString() == "delete";
}

// Whoever closes the file last leaves it as one; two that close it at once try again. A failure
// harms nothing: the next one to open the file finds all of it in the WAL.
void leave_as_one_file(std::unique_ptr<SQLite::Database> database) {
  constexpr int kTries = 3;
  const std::string path = database->getFilename();
  std::minstd_rand random(std::random_device{}());
  for (int i = 0; i < kTries; ++i) {
    try {
      if (!database) database = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE);
      if (leave_wal(*database)) return;
    } catch (const SQLite::Exception& complaint) {
      if (!is_busy(complaint)) return;
    }
    database.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + random() % 10));
  }
}

}  // namespace

void check_place_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw run_error(LATHE_NOT_FOUND, fmt::format("there is no folder '{}' for the study '{}'",
                                                 folder.string(), path.string()));
  if (fs::is_directory(path, ignored))
    throw run_error(LATHE_INVALID_ARGUMENT,
                    fmt::format("cannot keep a study at '{0}', which is a folder; name a file in "
                                "it: --storage sqlite:///{0}/study.db",
                                path.string()));
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
    throw run_error(
        LATHE_INVALID_ARGUMENT,
        fmt::format("cannot keep a study at '{}', which is no ordinary file", path.string()));
}

std::shared_ptr<SQLite::Database> open_database(const fs::path& path,
                                                std::chrono::milliseconds lock_wait) {
  check_place_of(path);
  return with_errors_of(path, [&] {
    auto turn = std::make_shared<Turn>(path, lock_wait);
    const std::shared_ptr<SQLite::Database> database(
        new SQLite::Database(path.string(),
                             SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_FULLMUTEX),
        [turn](SQLite::Database* closed) {
          leave_as_one_file(std::unique_ptr<SQLite::Database>(closed));
        });
    sqlite3_busy_handler(database->getHandle(), wait_for_turn, turn.get());
    if (sqlite3_db_readonly(database->getHandle(), "main") == 1) return database;
    exec_in_turn(*database, "PRAGMA journal_mode=WAL", *turn);
    database->exec("PRAGMA synchronous=FULL");  // a commit survives a power cut
    return database;
  });
}

void check_in_place(SQLite::Database& database) {
  int moved = 0;
  sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved != 0)
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("the study '{}' was moved or removed while it was open; what was "
                                "written until then is in the file that was there",
                                database.getFilename()));
}

Error error_of(const SQLite::Exception& complaint, const fs::path& path) {
  const std::string what = complaint.what();
  const std::string file = path.string();
  switch (complaint.getErrorCode() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return run_error(LATHE_UNAVAILABLE,
                       fmt::format("the study '{}' is locked: {} is writing to it; wait for it or "
                                   "end it, then run the same command again",
                                   file, lock_holder(path)));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return run_error(LATHE_DATA_LOSS,
                       fmt::format("the study '{}' is damaged or no SQLite database ({}); restore "
                                   "it from a copy or choose another --storage",
                                   file, what));
    case SQLITE_CONSTRAINT:
      return run_error(LATHE_DATA_LOSS,
                       fmt::format("the study '{}' is damaged: it has rows of studies or trials "
                                   "that are gone ({}); restore it from a copy or choose another "
                                   "--storage",
                                   file, what));
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return run_error(LATHE_PERMISSION_DENIED,
                       fmt::format("cannot write the study '{}' ({}); are the file and its folder "
                                   "writable?",
                                   file, what));
    case SQLITE_FULL:
      return run_error(LATHE_RESOURCE_EXHAUSTED,
                       fmt::format("cannot write the study '{}': the disk is full; make room, then "
                                   "run the same command again",
                                   file));
    case SQLITE_IOERR:
      return run_error(LATHE_UNAVAILABLE,
                       fmt::format("cannot read or write the study '{}' ({}); is its disk full or "
                                   "failing?",
                                   file, what));
    case SQLITE_NOMEM:
      return run_error(LATHE_RESOURCE_EXHAUSTED,
                       fmt::format("there is no memory for the study '{}'", file));
    default:
      return run_error(LATHE_UNKNOWN, fmt::format("the study '{}': SQLite says: {}", file, what));
  }
}

}  // namespace lathe
