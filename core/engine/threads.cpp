#include "core/engine/threads.hpp"

#include "core/graph/ops/op_table.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>

namespace lathe::engine {

namespace {

// Batch normalisation and others open a parallel region however small the tensor; meeting in it
// costs tens of microseconds, far more on a busy machine. A thread computes this much meanwhile.
constexpr double kWorkWorthAThread = 2e6;

// libopenblas0-pthread does not follow at::set_num_threads; which BLAS is loaded is known only now.
// Its own default is every core, whatever LibTorch's is.
void set_blas_threads(int threads) {
  using Setter = void (*)(int);
  static const auto setter =
      reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static std::atomic<int> current{0};
  if (setter != nullptr && current.exchange(threads) != threads) setter(threads);
}

}  // namespace

void set_operator_threads(int threads) {
  const int count = std::max(threads, 1);
  if (at::get_num_threads() != count) at::set_num_threads(count);
  set_blas_threads(count);
}

int threads_worth(double work, int allowed) {
  const double worth = std::min(work / kWorkWorthAThread, static_cast<double>(allowed));
  return std::max(1, static_cast<int>(worth));
}

double work_of(const Graph& graph, std::int64_t batch) {
  double work = 0;
  for (NodeId id : graph.order()) {
    if (const auto cost = cost_of(graph, id)) work += cost->computations;
  }
  return work * static_cast<double>(batch) /
         static_cast<double>(std::max<std::int64_t>(graph.batch(), 1));
}

OperatorThreads::OperatorThreads(int threads) : before_(at::get_num_threads()) {
  ++living_;
  set_operator_threads(threads);
}

OperatorThreads::~OperatorThreads() {
  --living_;
  set_operator_threads(before_);
}

}  // namespace lathe::engine
