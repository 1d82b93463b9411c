// What can run a graph. core/run implements it; everyone else sees only this.
#pragma once

#include "core/graph/operands.hpp"
#include "core/host/dataset.hpp"
#include "core/host/epoch_metrics.hpp"
#include "core/options/training_options.hpp"
#include "core/plugin/registry.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace lathe {

// The rows to run on: the first `samples` (0: all) of a split, in batches. An evaluation's loss
// does not depend on the batches.
struct Rows {
  Split split = Split::validation;
  std::uint64_t samples = 0;
  std::int64_t batch_size = 128;
  std::optional<Loss> loss = std::nullopt;  // nothing: as the data set's target asks
  bool by_class = false;                    // of evaluate(): the statistics on request too
  // Once true, the run on these rows ends with LATHE_CANCELLED; null: nothing can cut it short.
  const std::atomic<bool>* cancelled = nullptr;
};

struct TrainingResult {
  Graph last;  // trained contents
  Graph best;  // at the lowest validation loss
  std::vector<EpochMetrics> epochs;
  std::int64_t best_epoch = -1;  // of `epochs`: that of `best`; -1: none ended
  std::vector<double> step_losses;
  // Of `best`, on the whole validation split; nothing without one, or if a resumed run did not see
  // its best epoch.
  std::optional<Evaluation> best_validation;
  bool interrupted = false;
  bool given_up = false;       // keep_going said no
  bool stopped_early = false;  // by early_stopping
};

struct TrainingEvents {
  std::function<void(const EpochMetrics&)> epoch_ended;
  // After epoch_ended; false ends the training. `network` makes the graph as it is by then.
  std::function<bool(const EpochMetrics&, const std::function<Graph()>& network)> keep_going;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  // samples of this epoch
};

// One tensor of one batch of an observed node, and which rows of the split it comes from.
struct Observation {
  NodeId node;
  const Operand& operand;
  const Tensor& tensor;
  std::uint64_t batch = 0;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
  const Tensor* gradient = nullptr;  // of the batch's loss; null: there is none, or nobody asked
};
using Observer = std::function<void(const Observation&)>;

// What one batch says of the parameters. Valid while the observer is called.
struct BatchGradients {
  struct Row {
    NodeId node;  // the first that reads the parameter
    const Parameter& parameter;
    Tensor value, gradient;  // float32, of the parameter's shape; the gradient that of the loss
  };
  double loss = 0;
  std::uint64_t batch = 0;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
  std::span<const Row> parameters;  // every one that is trained, in graph order, each once
};
using GradientObserver = std::function<void(const BatchGradients&)>;

class Executor {
 public:
  virtual ~Executor() = default;

  // One batch per placeholder, in graph order; evaluation mode. Thread-safe.
  virtual std::vector<Tensor> run(const Graph& graph, const std::vector<Tensor>& inputs) = 0;

  // Every statistic that fits the loss, in evaluation mode. Activations are cached by content hash.
  // Thread-safe.
  virtual Evaluation evaluate(const Graph& graph, const Dataset& data, const Rows& rows) = 0;

  // What the network's one output is for each row: logits (rows x classes) of a classifier.
  virtual Tensor outputs(const Graph& graph, const Dataset& data, const Rows& rows) = 0;

  virtual void observe(const Graph& graph, const Dataset& data, const Rows& rows,
                       const std::vector<NodeId>& nodes, const Observer& observer) = 0;

  // The same with gradients of each batch's loss, the mean over its rows, computed as gradients()
  // computes them.
  virtual void observe_gradients(const Graph& graph, const Dataset& data, const Rows& rows,
                                 const std::vector<NodeId>& nodes, const Observer& observer) = 0;

  // Loss and gradients of every batch, in order, in evaluation mode: no dropout, running
  // statistics, the same numbers as evaluate(). Formats pass gradients straight through, or as they
  // make them.
  virtual void gradients(const Graph& graph, const Dataset& data, const Rows& rows,
                         const GradientObserver& observer) = 0;

  // Stops at a NaN loss (run_error with epoch and batch, last good checkpoint kept) and, saving the
  // last checkpoint, when `cancelled` becomes true.
  virtual TrainingResult train(const Graph& graph, const Dataset& data,
                               const TrainingOptions& options, const TrainingEvents& events,
                               const std::atomic<bool>& cancelled) = 0;

  // Threads inside one operator, for this thread's calls: 1 in a trial, all cores in train.
  virtual void set_threads(int threads) = 0;
  // What ran so far, for provenance:
  // {"backends": ["engine"], "libtorch": "1.13.1", "cpu_capability": "AVX2", "threads": 2}; if
  // quantized layers did, "integer_kernels": {"mode": "auto", "instructions": "AVX-512 VNNI",
  // "on_integers": {"conv1": [kernels]}, "on_floats": {"fc": [reasons]}}; of the cache "cache":
  // {"limit": bytes, "most_bytes": that it ever held, "lookups": 12, "hits": 3}.
  virtual Value environment() const = 0;
  virtual void set_cache_limit(std::uint64_t bytes) = 0;  // 0 switches the cache off
  // False: quantized layers are evaluated in floats, also where the processor sums products of
  // their codes exactly. For all threads. REQUIRES: nothing runs. True at first.
  virtual void set_integer_kernels(bool allowed) = 0;
};

}  // namespace lathe
