// The trials of a study in a file.
#pragma once

#include "core/storage/sqlite/study_row.hpp"

namespace lathe {

struct ReadTrials {
  std::vector<StoredTrial> trials;  // by number
  std::vector<std::int64_t> ids;    // trial_id by number
};

// Throws a usage_error for trials that are damaged or of another search.
ReadTrials read_trials(const StudyRow& study);

// A waiting trial of the study, by its trial_id, which becomes its `wish`: what is fixed of it.
StoredTrial read_waiting(const StudyRow& study, std::int64_t id);

}  // namespace lathe
