// --dry-run: what a command would do and what it would cost, with no data opened.
#pragma once

#include "core/cli/run/sweep.hpp"
#include "core/search/search.hpp"

namespace lathe {

// `plan` is of a search, `sweep` of a training, where it may be empty; else they are null.
void describe_run(Session& session, const Pipeline& pipeline, const SearchPlan* plan = nullptr,
                  const std::vector<SweepPoint>* sweep = nullptr);

}  // namespace lathe
