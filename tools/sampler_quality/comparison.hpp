// Runs a sampler on a function, through the loop that a search runs.
#pragma once

#include "core/plugin/registry.hpp"
#include "core/search/plan/options.hpp"
#include "tools/sampler_quality/function.hpp"
#include "tools/sampler_quality/score.hpp"

namespace lathe::quality {

struct Task {
  ComponentText sampler;
  std::int64_t trials = 100;
  std::int64_t lookahead = 4;
  bool repeat = false;  // points may come again
};

struct Run {
  std::vector<Outcome> trials;
  std::vector<double> elapsed;  // seconds from the beginning to the end of each
};

// `seed`: of the sampler and of the noise. A sampler with an option `additive` that is not given
// gets the file of one-at-a-time evaluations, which are the first trials. Thread-safe.
Run run(const Function& function, const Task& task, std::uint64_t seed, const Registry& registry);

}  // namespace lathe::quality
