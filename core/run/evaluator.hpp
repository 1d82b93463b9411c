// Runs graphs in evaluation mode: on rows of a data set, on given tensors, under observation. The
// one loop that scores a network, whoever asks: a pass, a command, a training at an epoch's end.
// Identical work is found in the cache; results are bit-identical with and without it, because
// both run the same kernels on the same portions of rows. Thread-safe.
#pragma once

#include "core/run/activations.hpp"
#include "core/run/backend.hpp"
#include "core/run/loss/criterion.hpp"
#include "core/run/rows.hpp"

namespace lathe::run {

// What an evaluation leaves in the cache.
enum class Leave { result, activations };

class Evaluator {
 public:
  Evaluator(const Registry& registry, Cache& cache) : registry_(registry), cache_(cache) {}

  Evaluation evaluate(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
                      Leave leave);
  Tensor outputs(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows);
  void observe(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
               const std::vector<NodeId>& nodes, const Observer& observer);
  void gradients(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
                 const GradientObserver& observer);
  void observe_gradients(Backend& backend, const Graph& graph, const Dataset& data,
                         const Rows& rows, const std::vector<NodeId>& nodes,
                         const Observer& observer);

 private:
  struct Differentiated;  // what runs forwards and backwards on which rows
  struct Plan;            // what runs on which rows
  struct Score {
    Evaluation evaluation;
    std::string trouble;  // what is wrong with the output; empty: nothing
  };
  // Sees the output for consecutive rows, contiguous float32.
  using Sink = std::function<void(const Tensor& output, std::int64_t first_row)>;

  Plan plan_for(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows);
  // Which rows, in which portions, and who computes on them.
  ContentHash identity(const Backend& backend, const RowSource& source, std::int64_t chunk);
  void run_rows(const Plan& plan, bool with_activations, const Sink& sink);
  Score score(const Plan& plan, const Criterion& criterion, bool with_activations);

  const Registry& registry_;
  Cache& cache_;
  RowIdentities identities_;
};

// One batch per placeholder.
std::vector<Tensor> run_once(Backend& backend, const Graph& graph,
                             const std::vector<Tensor>& inputs);

}  // namespace lathe::run
