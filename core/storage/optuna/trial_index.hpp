// Which rows are the trials of a study: the little of each that a search keeps, however many there
// are.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// By trial number.
struct TrialIndex {
  std::vector<std::int64_t> ids;   // trial_id
  std::vector<TrialState> states;  // that the file has
};

// Throws run_error if their numbers are not 0, 1, 2, ... or a state is unknown.
TrialIndex read_trial_index(const StudyRow& study);

// Counts for each running trial that the process which ran it has ended. REQUIRES: a transaction.
void count_killed(const StudyRow& study, const TrialIndex& index);

// The system attribute with that count.
constexpr std::string_view kKilled = "lathe:killed";

}  // namespace lathe
