// The host's Executor over the loops of this room and the backends that it is given.
#pragma once

#include "core/host/executor.hpp"
#include "core/run/backend.hpp"
#include "core/run/cache.hpp"

namespace lathe::run {

// Opens a backend that keeps what it makes of parameters in that cache.
using OpenBackend = std::function<std::shared_ptr<Backend>(const Registry& registry, Cache& cache)>;

// Each graph goes to the first backend that takes it; one is opened when those before it declined
// a graph. The last must take every graph. The registry must outlive the executor.
std::shared_ptr<Executor> make_executor(const Registry& registry,
                                        std::vector<OpenBackend> backends);

}  // namespace lathe::run
