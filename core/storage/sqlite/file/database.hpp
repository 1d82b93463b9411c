// A SQLite file for one writer among readers, and SQLite's complaints as sentences that name the
// file and the way out. Knows nothing about studies.
//
// While it is open the file is in WAL mode, so that readers (a dashboard, say) do not stop a
// search. Whoever closes it last leaves one file, which opens where nothing may be written.
#pragma once

#include "core/base/error.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace lathe {

// Throws run_error where a file cannot be made or written, as far as that shows without opening it.
void check_place_of(const std::filesystem::path& path);

// Opens the file, or makes it; one that may not be written is opened to be read. `lock_wait`: how
// long whatever is done with it waits while other processes write to it. Throws run_error.
std::shared_ptr<SQLite::Database> open_database(const std::filesystem::path& path,
                                                std::chrono::milliseconds lock_wait);

// Throws run_error if the file of that name is no longer the one that is open.
void check_in_place(SQLite::Database& database);

// What SQLite complained of, said of that file.
Error error_of(const SQLite::Exception& complaint, const std::filesystem::path& file);

// Calls `act`. What SQLite throws in there leaves as an Error.
template <typename Act>
auto with_errors_of(const std::filesystem::path& file, Act act) {
  try {
    return act();
  } catch (const SQLite::Exception& complaint) {
    throw error_of(complaint, file);
  }
}

}  // namespace lathe
