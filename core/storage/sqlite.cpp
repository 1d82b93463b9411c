// Opens SQLite files for one writer among readers (WAL), and turns result codes into sentences.
#include "core/storage/sqlite.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace lathe {
namespace {

constexpr int kBusyMilliseconds = 5000;

// Who holds a write lock on the file or its WAL index, as /proc/locks tells: "process 42
// (python3)".
std::string lock_holder(const std::filesystem::path& path) {
  for (const char* suffix : {"-shm", ""}) {
    struct stat file{};
    if (stat((path.string() + suffix).c_str(), &file) != 0) continue;
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
      // "1: POSIX  ADVISORY  WRITE 42 08:01:1234 120 120"
      std::istringstream words(line);
      std::string number, kind, advisory, mode, inode;
      long pid = 0;
      words >> number >> kind >> advisory >> mode >> pid >> inode;
      if (mode != "WRITE" || pid <= 0 || pid == getpid()) continue;
      if (inode.substr(inode.rfind(':') + 1) != std::to_string(file.st_ino)) continue;
      std::string name;
      std::getline(std::ifstream(fmt::format("/proc/{}/comm", pid)), name);
      return fmt::format("process {} ({})", pid, name);
    }
  }
  return "another process";
}

}  // namespace

Database::Database(const std::filesystem::path& path)
    : path_(path), handle_(nullptr, sqlite3_close) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw run_error(LATHE_NOT_FOUND, fmt::format("there is no folder '{}' for the study '{}'",
                                                 folder.string(), path.string()));
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) throw error(code);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  execute("PRAGMA journal_mode=WAL");  // readers, a dashboard say, do not stop the search
  execute("PRAGMA synchronous=FULL");  // a commit survives a power cut
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error(code);
}

Error Database::error(int code) const {
  const std::string what = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  const std::string file = path_.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return run_error(LATHE_UNAVAILABLE,
                       fmt::format("the study '{}' is locked: {} is writing to it; wait for it or "
                                   "end it, then run the same command again",
                                   file, lock_holder(path_)));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return run_error(LATHE_DATA_LOSS,
                       fmt::format("the study '{}' is damaged or no SQLite database ({}); restore "
                                   "it from a copy or choose another --storage",
                                   file, what));
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return run_error(
          LATHE_PERMISSION_DENIED,
          fmt::format("cannot write the study '{}' ({}); is its folder writable?", file, what));
    case SQLITE_FULL:
      return run_error(LATHE_RESOURCE_EXHAUSTED,
                       fmt::format("cannot write the study '{}': the disk is full", file));
    default:
      return run_error(LATHE_UNKNOWN, fmt::format("the study '{}': SQLite says: {}", file, what));
  }
}

Statement::Statement(Database& database, std::string_view sql)
    : database_(database), handle_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  handle_.reset(prepared);
  check(code);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const Error error = database_.error(code);
  sqlite3_reset(handle_.get());
  throw error;
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw database_.error(code);
}

}  // namespace lathe
