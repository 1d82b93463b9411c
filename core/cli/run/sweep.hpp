// A grid of trainings: [sweep] in the config file gives lists for run options.
//   [sweep]
//   batch_size = [64, 256]
//   learning_rate = [1e-2, 1e-3]
// Points run in order, the last key fastest; each has a folder of its own, and a resumed sweep
// does not train a finished point again.
#pragma once

#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/training.hpp"

namespace lathe {

struct SweepPoint {
  Value options;       // the keys of [sweep] with one value each, checked
  Value run_options;   // the run's options with these set
  std::string folder;  // "sweep/000"
};

// Checks keys and every value; throws usage_error with the position. Empty without [sweep].
std::vector<SweepPoint> sweep_points(const Settings& settings);

// Trains every point from `graph` and adds the table; sweep.csv has it after every point. Ends
// early when cancelled.
void run_sweep(Session& session, const Graph& graph, const std::vector<SweepPoint>& points,
               const RunFolder& folder, Results& results);

}  // namespace lathe
