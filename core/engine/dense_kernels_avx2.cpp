// The loops of dense_loops.inl, compiled for CPUs with AVX2 and FMA. No other code belongs here: it
// would not run elsewhere.
#include "core/engine/dense_kernels.hpp"

#if defined(LATHE_DENSE_AVX2)

namespace lathe::engine::dense {

namespace {
#include "core/engine/dense_loops.inl"
}  // namespace

const Kernels& avx2_kernels();
const Kernels& avx2_kernels() { return kKernels; }

}  // namespace lathe::engine::dense

#endif
