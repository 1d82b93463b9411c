// --dry-run: what a command would do and what it would cost, with no data opened, and every refusal
// of the real run that needs none.
#pragma once

#include "core/cli/run/sweep.hpp"
#include "core/search/search.hpp"

#include <functional>

namespace lathe {

struct DryRun {
  const Pipeline& pipeline;
  std::filesystem::path folder;                    // for the results; empty: the run writes none
  const SearchPlan* plan = nullptr;                // of a search
  const std::vector<SweepPoint>* sweep = nullptr;  // of a training, where it may be empty
  std::function<void(const SearchSpace&)> check_space = {};  // what the search refuses of it
};

void describe_run(Session& session, const DryRun& run);

}  // namespace lathe
