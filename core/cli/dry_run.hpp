// --dry-run: what a command would do and what it would cost, with no data opened.
#pragma once

#include "core/cli/session.hpp"
#include "core/search/search.hpp"

namespace lathe {

// `plan` is of a search, else null; `trainings` the points of a sweep, 1 for one training, else 0.
void describe_run(Session& session, const Pipeline& pipeline, const SearchPlan* plan,
                  std::size_t trainings);

}  // namespace lathe
