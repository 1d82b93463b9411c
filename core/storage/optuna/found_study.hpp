// A study of a search among those of a database: found, or made.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// Throws an error that says what differs from `description` if the study is there and is another's.
// REQUIRES: a transaction that writes, in which nobody else makes one.
StudyRow found_study(std::shared_ptr<SqlDatabase> database, const StudyDescription& description);

}  // namespace lathe
