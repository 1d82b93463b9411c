#include "core/base/cpu.hpp"

#include <cstdlib>
#include <string_view>

namespace lathe {

std::string cpu_capability_here() {
  const char* chosen = std::getenv("ATEN_CPU_CAPABILITY");
  const std::string_view most = chosen == nullptr ? "" : chosen;
  if (most == "default") return "DEFAULT";
#if defined(__x86_64__)
  // The conditions of aten/src/ATen/native/DispatchStub.cpp.
  __builtin_cpu_init();
  const bool fma = __builtin_cpu_supports("fma") != 0;
  const bool avx512 = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq");
  if (fma && avx512 && most != "avx2") return "AVX512";
  if (fma && __builtin_cpu_supports("avx2")) return "AVX2";
#endif
  return "DEFAULT";
}

}  // namespace lathe
