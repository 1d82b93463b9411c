// Opens SQLite files for one writer among readers (WAL), and turns result codes into sentences.
#include "core/storage/sqlite/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace lathe {
namespace {

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

void check_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw run_error(LATHE_NOT_FOUND, fmt::format("there is no folder '{}' for the study '{}'",
                                                 folder.string(), path.string()));
}

std::shared_ptr<SQLite::Database> open_database(const std::filesystem::path& path,
                                                std::chrono::milliseconds lock_wait) {
  check_folder_of(path);
  return with_errors_of(path, [&] {
    auto database = std::make_shared<SQLite::Database>(
        path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_FULLMUTEX,
        static_cast<int>(lock_wait.count()));
    database->exec("PRAGMA journal_mode=WAL");  // readers, a dashboard say, do not stop the search
    database->exec("PRAGMA synchronous=FULL");  // a commit survives a power cut
    return database;
  });
}

Error error_of(const SQLite::Exception& complaint, const std::filesystem::path& path) {
  const std::string what = complaint.what();
  const std::string file = path.string();
  switch (complaint.getErrorCode() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
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

}  // namespace lathe
