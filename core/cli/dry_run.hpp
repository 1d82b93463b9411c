// --dry-run: what a command would do and what it would cost, with no data opened.
#pragma once

#include "core/cli/sweep.hpp"
#include "core/search/search.hpp"

namespace lathe {

// `plan` is of a search, else null; `sweep` of a training, and may be empty.
void describe_run(Session& session, const Pipeline& pipeline, const SearchPlan* plan = nullptr,
                  const std::vector<SweepPoint>& sweep = {});

}  // namespace lathe
