// The checkpoints of a training: best.safetensors, last.safetensors and metrics.csv in a folder,
// and the way back. Knows nothing about how the training goes on.
#pragma once

#include "core/run/training/optimizer.hpp"
#include "core/run/training/parameters.hpp"
#include "core/run/training/training_state.hpp"

#include <chrono>

namespace lathe::run {

// What of a training is saved, and restored in place.
struct TrainingParts {
  const Graph& graph;
  TrainingState& state;
  TrainedParameters& parameters;
  Optimizer& optimizer;
  std::map<std::string, Tensor>& best;  // contents at the best epoch
};

class TrainingFolder {
 public:
  // Of options.folder; empty: nothing is ever written.
  explicit TrainingFolder(const TrainingOptions& options) : options_(options) {}

  // Makes the folder. Goes on from what it holds, if the options say so; else removes that.
  void start(RunIdentity identity, const TrainingParts& parts);
  bool in_use() const { return !options_.folder.empty(); }
  std::filesystem::path last() const { return options_.folder / "last.safetensors"; }
  // Between epochs' ends, by steps or by time.
  bool is_due(const TrainingState& state) const;
  void save_last(const TrainingParts& parts);
  void save_best(const TrainingParts& parts) const;

 private:
  void resume(const TrainingParts& parts);
  std::filesystem::path best() const { return options_.folder / "best.safetensors"; }
  std::filesystem::path metrics() const { return options_.folder / "metrics.csv"; }

  const TrainingOptions& options_;
  RunIdentity identity_;
  std::chrono::steady_clock::time_point saved_at_;
  std::int64_t saved_at_step_ = 0;
};

}  // namespace lathe::run
