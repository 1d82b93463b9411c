// The loops of dense_loops.inl for any CPU, and the choice between them and faster ones.
#include "core/dense/kernels.hpp"

namespace lathe::dense {

namespace {
#include "core/dense/loops.inl"
}  // namespace

#if defined(LATHE_DENSE_AVX2)
const Kernels& avx2_kernels();  // dense_kernels_avx2.cpp
#endif

const Kernels& kernels() {
#if defined(LATHE_DENSE_AVX2)
  static const Kernels& chosen =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2_kernels() : kKernels;
  return chosen;
#else
  return kKernels;
#endif
}

}  // namespace lathe::dense
