// A trial as it was read becomes one of a search that goes on with its study.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// One that waits has what a person fixed of it; one that ended has what exists at its point, and
// all of it. Throws usage_error for a trial of another search.
StoredTrial fitted(StoredTrial trial, const StudyRow& study);

}  // namespace lathe
