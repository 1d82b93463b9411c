// How many threads an operator may use: what the caller allowed, and one where there is too little
// work to share. Knows nothing about what is computed.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe::engine {

// For this thread's operators; LibTorch's and BLAS's.
void set_operator_threads(int threads);

// The threads that `work` multiply-accumulates per batch are worth, at most `allowed`. A function
// of the graph and the batch alone, so that results are reproducible per `allowed`.
int threads_worth(double work, int allowed);
// Multiply-accumulates of a forward pass over `batch` rows.
double work_of(const Graph& graph, std::int64_t batch);

// Other threads while it lives, then what was before.
class OperatorThreads {
 public:
  explicit OperatorThreads(int threads);
  ~OperatorThreads();
  OperatorThreads(const OperatorThreads&) = delete;
  OperatorThreads& operator=(const OperatorThreads&) = delete;

  // One of this thread's lives: what runs inside it leaves the number alone, so that a training is
  // the same before and after its validations.
  static bool any() { return living_ > 0; }

 private:
  static inline thread_local int living_ = 0;
  int before_;
};

}  // namespace lathe::engine
