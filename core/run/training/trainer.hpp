// Trains a graph on a data set. Deterministic: the same inputs, options and thread count give the
// same bytes, however often the run is interrupted and resumed. Knows nothing about what computes.
#pragma once

#include "core/run/backend.hpp"
#include "core/run/loss/criterion.hpp"
#include "core/run/rows.hpp"
#include "core/run/training/optimizer.hpp"
#include "core/run/training/schedule.hpp"
#include "core/run/training/training_folder.hpp"

namespace lathe::run {

class Trainer {
 public:
  // Scores a network on the whole validation split; throws LATHE_CANCELLED if it is cut short.
  using Validate = std::function<Evaluation(const Graph& network)>;

  // Checks everything that can be checked before work starts.
  Trainer(Backend& backend, const Graph& graph, const Dataset& data, const TrainingOptions& options,
          Validate validate);

  TrainingResult run(const TrainingEvents& events, const std::atomic<bool>& cancelled);

 private:
  RunIdentity make_identity() const;
  TrainingParts parts();
  Graph network();  // with the contents as they are
  void save_last();
  // The first parameter or buffer with a number that is not finite, in words; empty: there is none.
  std::string broken_parameter();
  // One pass over the train split, from state_.batch on; false if it was cancelled.
  bool train_epoch(const TrainingEvents& events, const std::atomic<bool>& cancelled);
  void train_batch(std::span<const std::uint64_t> rows);
  // Forwards, and backwards if the loss is a number.
  double differentiate(std::span<const std::uint64_t> rows);
  // Copies of the rows as the data set changes them for this epoch.
  RowTensors augmented(std::span<const std::uint64_t> rows) const;
  bool end_epoch(const std::atomic<bool>& cancelled);  // false if it was cancelled
  [[noreturn]] void stop_at_batch(double loss, std::span<const std::uint64_t> rows);
  [[noreturn]] void stop_at(const std::string& what) const;
  bool finished() const;
  bool out_of_steps() const;     // by max_steps or max_samples
  bool out_of_patience() const;  // by early_stopping
  std::int64_t batches_per_epoch() const;
  std::int64_t batch_limit() const;    // of the whole training, by max_samples
  std::int64_t planned_steps() const;  // of the whole training
  std::int64_t batches_of_step() const;
  double learning_rate(std::int64_t step) const;

  Backend& backend_;
  const Dataset& data_;
  TrainingOptions options_;
  Validate validate_;  // empty: there are no validation rows
  Graph graph_;
  Criterion criterion_;
  TrainedParameters parameters_;
  Optimizer optimizer_;
  Schedule schedule_;
  RowSource train_;
  bool began_finite_ = true;  // so are the parameters that training started from
  bool augments_ = false;     // the data set changes training rows
  std::unique_ptr<TrainingProgram> program_;
  TrainingFolder folder_;
  TrainingState state_;
  std::map<std::string, Tensor> best_;
  std::optional<Evaluation> best_validation_;
  std::vector<double> step_losses_;
  GatheredTargets gathered_;
  std::vector<float> output_gradient_;
};

}  // namespace lathe::run
