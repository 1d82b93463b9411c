// The checkpoints of a training: best.safetensors, last.safetensors and metrics.csv in a folder,
// beside what tells of which network they are, and the way back. Knows nothing about how the
// training goes on.
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
  std::int64_t batches_per_epoch = 0;
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
  void write_origin();
  // True if the weights of the file belong to the files of origin that are there: then they stay.
  bool keeps_origin(const std::map<std::string, std::string>& metadata);
  std::filesystem::path best() const { return options_.folder / "best.safetensors"; }
  std::filesystem::path metrics() const { return options_.folder / "metrics.csv"; }

  const TrainingOptions& options_;
  RunIdentity identity_;
  std::map<std::string, std::string> origin_;  // metadata of all weights
  std::chrono::steady_clock::time_point saved_at_;
  std::int64_t saved_at_step_ = 0;
};

}  // namespace lathe::run
