// What a file says of a study itself, whoever began it.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// How study attributes of ours begin; Optuna's own and the user's have other names.
constexpr std::string_view kOurs = "lathe:";

// In the order in which they were made.
std::vector<std::string> study_names(SqlDatabase& database);

// Nobody else gives numbers to trials of that study, if it is there, until the transaction ends.
void lock_study(SqlDatabase& database, const std::string& name);

// Throws run_error for none that a search wrote.
std::vector<lathe_direction> read_directions(const StudyRow& study);

// All of a study: its parameters are those that it was begun with, then those of its trials, a
// range as wide as all of theirs. Throws usage_error if there is none of that name.
StudyRow read_study(std::shared_ptr<SqlDatabase> database, const std::string& name);

}  // namespace lathe
