// Runs graphs in evaluation mode: on rows of a data set, on given tensors, under observation.
// Identical work is found in the cache; results are bit-identical with and without it, because
// both run the same kernels on the same portions of rows. Thread-safe.
#pragma once

#include "core/engine/cache.hpp"
#include "core/engine/rows.hpp"
#include "core/engine/weights.hpp"

namespace lathe::engine {

class Evaluator {
 public:
  Evaluator(const Registry& registry, at::Device device);

  Cache& cache() { return cache_; }
  Evaluation evaluate(const Graph& graph, const Dataset& data, const Rows& rows);
  // Puts what evaluate() would find out into the cache: a training has just found it out.
  void remember(const Graph& graph, const Dataset& data, const Rows& rows,
                const Evaluation& evaluation);
  Tensor logits(const Graph& graph, const Dataset& data, const Rows& rows);
  std::vector<Tensor> run(const Graph& graph, const std::vector<Tensor>& inputs);
  void observe(const Graph& graph, const Dataset& data, const Rows& rows,
               const std::vector<NodeId>& nodes, const Observer& observer);

 private:
  // What of a graph may be found in the cache or put there.
  struct Cached;
  // Sees the logits of consecutive rows, contiguous float32 on the CPU.
  using Sink = std::function<void(const at::Tensor& logits, std::int64_t first_row)>;
  void run_rows(const Graph& graph, const RowSource& source, std::int64_t chunk, Cached& cached,
                const std::atomic<bool>* cancelled, const Sink& sink);
  void find_cached(const Graph& graph, const RowSource& source, std::int64_t chunk, Cached& cached);
  bool find_random(const Graph& graph, std::vector<bool>& random) const;

  const Registry& registry_;
  at::Device device_;
  Cache cache_;
  Weights weights_;
  RowIdentities identities_;
};

// Contiguous float32 rows x classes; throws run_error if the output is anything else.
at::Tensor as_logits(const at::Tensor& output, std::int64_t rows);

}  // namespace lathe::engine
