// Trains a graph on a data set. Deterministic: the same inputs, options and thread count give the
// same bytes, however often the run is interrupted and resumed.
#pragma once

#include "core/engine/dense_chain.hpp"
#include "core/engine/metrics.hpp"
#include "core/engine/optimizer.hpp"
#include "core/engine/parameters.hpp"
#include "core/engine/rows.hpp"
#include "core/engine/schedule.hpp"
#include "core/engine/training_state.hpp"

#include <chrono>

namespace lathe::engine {

class Trainer {
 public:
  // Checks everything that can be checked before work starts.
  Trainer(const Registry& registry, at::Device device, const Graph& graph, const Dataset& data,
          const TrainingOptions& options);

  TrainingResult run(const TrainingEvents& events, const std::atomic<bool>& cancelled);

 private:
  void check_batches() const;
  RunIdentity make_identity() const;
  void start();  // anew, or from the folder
  void resume();
  void save_last();
  void save_best();
  // One pass over the train split, from state_.batch on; false if it was cancelled.
  bool train_epoch(const TrainingEvents& events, const std::atomic<bool>& cancelled);
  // `last`: no batch follows in this epoch, so that gradients cannot wait for one.
  void train_batch(std::span<const std::uint64_t> rows, bool last);
  // Loss and gradients of one batch, through LibTorch's autograd.
  BatchMetrics differentiate(std::span<const std::uint64_t> rows, double scale, RandomPlace place);
  bool end_epoch(const std::atomic<bool>& cancelled);  // false if it was cancelled
  std::optional<Evaluation> validate(const std::atomic<bool>& cancelled);  // none: cancelled
  void fill_batch(std::span<const std::uint64_t> rows);
  void stop_at(double loss, std::string_view what, bool with_batch) const;
  bool checkpoint_is_due() const;
  bool finished() const;
  bool out_of_steps() const;  // by max_steps or max_samples
  std::int64_t batches_per_epoch() const;
  std::int64_t batch_limit() const;    // of the whole training, by max_samples
  std::int64_t planned_steps() const;  // of the whole training
  double learning_rate(std::int64_t step) const;

  const Dataset& data_;
  TrainingOptions options_;
  at::Device device_;
  Plan plan_;
  TrainedParameters parameters_;
  std::unique_ptr<DenseChain> chain_;  // null: the general path
  Optimizer optimizer_;
  Schedule schedule_;
  RowSource train_;
  bool augments_ = false;  // the data set changes training rows
  std::optional<RowSource> validation_;
  std::int64_t validation_chunk_ = 0;
  std::int64_t classes_ = 0;
  RunIdentity identity_;  // if there is a folder
  TrainingState state_;
  std::map<std::string, Tensor> best_;
  std::optional<Evaluation> best_validation_;
  std::vector<double> step_losses_;
  std::vector<Register> registers_;
  at::Tensor batch_samples_;
  std::vector<std::int64_t> batch_labels_;
  std::chrono::steady_clock::time_point saved_at_;
  std::int64_t saved_at_step_ = 0;
};

}  // namespace lathe::engine
