// The host's Executor over the loops of this room and the backends that it is given.
#pragma once

#include "core/host/executor.hpp"
#include "core/run/backend.hpp"
#include "core/run/cache.hpp"

namespace lathe::run {

// Opens a backend that keeps what it makes of parameters in that cache.
using OpenBackend = std::function<std::shared_ptr<Backend>(const Registry& registry, Cache& cache)>;

// An executor in processes that are forked from the one which made it.
class ForkedExecutor : public Executor {
 public:
  // Opens what computes such graphs, for all processes that are forked from now on; not what could
  // not be used there (CUDA).
  virtual void open_before_fork(const Graph& graph, bool trains) = 0;
  // What this executor says of itself in such a process counts as said here: maps are joined, the
  // numbers of the cache added. Thread-safe.
  virtual void add_environment(const Value& of_forked) = 0;
};

// `no`: once a backend is open, a process that is forked cannot use it.
enum class Forks { yes, no };

// Each graph goes to the first backend that takes it; one is opened when those before it declined
// a graph. The last must take every graph. The registry must outlive the executor.
std::shared_ptr<ForkedExecutor> make_executor(const Registry& registry,
                                              std::vector<OpenBackend> backends,
                                              Forks forks = Forks::yes);

}  // namespace lathe::run
