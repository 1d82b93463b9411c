// Whether a study in a file is that of this search, and if not, in what they differ.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// Throws usage_error for other directions, run_error for none that a search wrote.
void check_directions(const StudyRow& study);

// Compares facts about the search: seed, space, options. Those that the study lacks are added:
// Optuna began it. Throws usage_error for what differs.
void check_attributes(const StudyRow& study);

}  // namespace lathe
