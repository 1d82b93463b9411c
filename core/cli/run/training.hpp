// Training as the commands' options describe it, and what comes out of one.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/host/executor.hpp"

namespace lathe {

struct Trained {
  TrainingResult result;
  // The best weights on the test split, or on validation if there is no test; nothing if there is
  // neither, or if the training was interrupted.
  std::optional<Evaluation> evaluation;
  Split split = Split::test;
  double cpu_seconds = 0, wall_seconds = 0;

  // With the lowest validation loss, or training loss without validation; null if no epoch ended.
  const EpochMetrics* best_epoch() const;
};

// The loss of the run: that of --loss, else the one for the data set's target. Opens the data.
Loss run_loss(Session& session);

// Trains, telling the user of every epoch on stderr, then evaluates the best weights.
Trained train_once(Session& session, const Graph& graph, const TrainingOptions& options);

}  // namespace lathe
