// Where a training run stands, and its form in last.safetensors: enough to go on exactly. Nothing
// in it depends on the time or on how often the run was interrupted.
// Knows nothing about LibTorch.
#pragma once

#include "core/host/executor.hpp"

#include <map>
#include <string>
#include <vector>

namespace lathe::run {

struct TrainingState {
  Loss loss = Loss::cross_entropy;  // that is minimised
  std::int64_t epoch = 0;           // the one running
  std::int64_t batch = 0;           // batches done of it
  std::int64_t total_batches = 0;
  std::int64_t steps = 0;    // of the optimizer
  std::int64_t pending = 0;  // batches whose gradients wait for the next step
  Counts counts;             // of the batches done of this epoch; not by class, no log_product
  std::int64_t best_epoch = -1;
  double best_loss = 0;
  std::vector<EpochMetrics> epochs;
};

// What a run must have in common with the one it continues, as (name, value).
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

// Tensors of a training run that are no parameters are named with this prefix, and its metadata.
inline constexpr std::string_view kStatePrefix = "lathe.";
// Metadata that tell where a training's weights stand. Of last.safetensors: its epoch, from 0, the
// batches done of it, and those it has; 0 batches: the epoch before it has just ended. Of
// best.safetensors: its epoch, from 0.
inline constexpr const char* kRunningEpoch = "lathe.epoch";
inline constexpr const char* kBatchesDone = "lathe.batch";
inline constexpr const char* kBatchesPerEpoch = "lathe.batches_per_epoch";
inline constexpr const char* kBestEpoch = "epoch";

std::map<std::string, std::string> to_metadata(const TrainingState& state,
                                               const RunIdentity& identity);
// Throws run_error naming the file if it holds no training run, usage_error naming the setting if
// it holds another one.
TrainingState from_metadata(const std::map<std::string, std::string>& metadata,
                            const RunIdentity& identity, const std::filesystem::path& file);

// metrics.csv.
std::string metrics_text(const TrainingState& state);
void write_metrics(const std::filesystem::path& file, const TrainingState& state);

}  // namespace lathe::run
