// Opens the engine, which alone links LibTorch, when somebody first has a graph for it.
#pragma once

#include "core/run/executor.hpp"

namespace lathe::run {

// `device` is "cpu", "gpu", "cuda", "cuda:1" or "auto"; without CUDA all are the CPU, "cuda" and
// "gpu" with a warning to the log. The library is opened once per process.
std::shared_ptr<Backend> open_engine(const Registry& registry, Cache& cache,
                                     const std::string& device);

}  // namespace lathe::run
