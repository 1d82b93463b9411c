// Who computes: the one place that knows all backends.
#pragma once

#include "core/host/executor.hpp"

namespace lathe {

// On the CPU, chains of dense layers run in own kernels, and the engine (LibTorch) is opened for
// the first graph that is none. REQUIRES: `device` is "cpu", "auto", "gpu" or "cuda": the last two
// give every graph to the engine if it finds CUDA, and are the CPU with a warning if not; "auto"
// uses CUDA for what is no chain of dense layers, which the CPU computes faster.
std::shared_ptr<Executor> open_executor(const Registry& registry, const std::string& device);

}  // namespace lathe
