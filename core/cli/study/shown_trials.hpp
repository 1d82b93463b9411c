// Trials of a study as JSON, as tables, as CSV.
#pragma once

#include "core/report/json.hpp"
#include "core/report/point_table.hpp"
#include "core/search/study/held_study.hpp"

namespace lathe {

// {"number": 0, "state": "COMPLETE", "values": [0.9], "params": {"width": 8}}
Json json_of(const HeldTrial& trial);

// A row each; parameters are "width=8, lr=0.1" in the last column.
TextTable table_of(const std::vector<HeldTrial>& trials, std::size_t objectives);

// The best of them: their values, and the parameters in which they differ, as columns.
PointTable points_of(const std::vector<HeldTrial>& best, const StudyDescription& description);

// With the columns of Optuna's trials_dataframe(): number, value or values_0, values_1, ...,
// datetime_start, datetime_complete, params_NAME, state.
TextTable columns_of(const std::vector<HeldTrial>& trials, const StudyDescription& description);

}  // namespace lathe
