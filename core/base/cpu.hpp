// What the processor of this machine can do, as far as results depend on it.
#pragma once

#include <string>

namespace lathe {

// As LibTorch calls it, and chooses its kernels by: "AVX512", "AVX2" or "DEFAULT"; like LibTorch it
// heeds $ATEN_CPU_CAPABILITY. Machines that differ in it round sums differently.
std::string cpu_capability_here();

}  // namespace lathe
