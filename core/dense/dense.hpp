// The door of this room: programs for networks that are one chain of small dense layers (linear,
// batch_norm1d, relu), number formats included, in own kernels on one thread. For them the
// dispatch of LibTorch costs ten times the arithmetic, and opening it more than most runs.
// Quantized chains stay on floats, too: layers of that size gain little by products of bytes, which
// would need the libraries that this room does without.
#pragma once

#include "core/plugin/registry.hpp"
#include "core/run/backend.hpp"
#include "core/run/cache.hpp"

namespace lathe::dense {

// The registry and the cache must outlive it.
std::shared_ptr<run::Backend> open_dense(const Registry& registry, run::Cache& cache);

}  // namespace lathe::dense
