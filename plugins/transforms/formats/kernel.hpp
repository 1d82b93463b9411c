// How kernels of formats are compiled and called: once per vector width, chosen when the file is
// loaded, and by pieces where the result is too large for the caches. All versions give the same
// bits: they differ in how many elements they take at once.
#pragma once

#include <cstdint>
#include <cstring>

// A sanitizer's runtime is not ready when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LATHE_KERNEL __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LATHE_KERNEL
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace formats {

// Results from this size on (in floats) are written past the caches, as memcpy does: reading them
// back soon is not worth the traffic of fetching what is overwritten.
constexpr std::uint64_t kStreamed = std::uint64_t{1} << 21;

#if defined(__x86_64__)
// y[0, count) = x; y is aligned to 16 bytes.
inline void write_past_caches(const float* x, float* y, std::uint64_t count) {
  std::uint64_t i = 0;
  for (; i + 4 <= count; i += 4) _mm_stream_ps(y + i, _mm_loadu_ps(x + i));
  for (; i < count; ++i) y[i] = x[i];
}
#endif

// Calls kernel(x + begin, y + begin, count) over all elements, each once and in order, for kernels
// of which every element stands alone. y may be x.
template <class Kernel>
void each(const float* x, float* y, std::uint64_t count, Kernel kernel) {
#if defined(__x86_64__)
  if (count >= kStreamed && x != y) {
    constexpr std::uint64_t kPiece = 2048;
    alignas(64) float piece[kPiece];
    std::uint64_t begin = 0;
    while (begin < count && reinterpret_cast<std::uintptr_t>(y + begin) % 16 != 0) ++begin;
    kernel(x, y, begin);
    while (begin < count) {
      const std::uint64_t size = count - begin < kPiece ? count - begin : kPiece;
      kernel(x + begin, piece, size);
      write_past_caches(piece, y + begin, size);
      begin += size;
    }
    _mm_sfence();
    return;
  }
#endif
  kernel(x, y, count);
}

}  // namespace formats
