// The loops of dense_loops.inl, compiled for CPUs with AVX2 and FMA. No other code belongs here: it
// would not run elsewhere.
#include "core/dense/kernels.hpp"

#if defined(LATHE_DENSE_AVX2)

namespace lathe::dense {

namespace {
#include "core/dense/loops.inl"
}  // namespace

const Kernels& avx2_kernels();
const Kernels& avx2_kernels() { return kKernels; }

}  // namespace lathe::dense

#endif
