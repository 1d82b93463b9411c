// Compiled with -O3, once per vector width; integers only, so that all give the same.
#include "matches.hpp"

#include <algorithm>
#include <cstring>

// A sanitizer's runtime is not ready when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LATHE_VECTORISED __attribute__((target_clones("default", "avx2")))
#else
#define LATHE_VECTORISED
#endif

namespace search_strategies {

namespace {

// A vector of bytes; where the machine's are shorter, several of its.
constexpr std::size_t kVector = 32;
using Bytes = std::uint8_t __attribute__((vector_size(kVector)));

// Adds 1 where they are the choice.
inline __attribute__((always_inline)) void count(const std::uint8_t* codes, const Bytes& choice,
                                                 Bytes& counts) {
  Bytes bytes;
  std::memcpy(&bytes, codes, sizeof bytes);
  counts -= reinterpret_cast<Bytes>(bytes == choice);  // equal is -1
}

}  // namespace

LATHE_VECTORISED
void count_matches(const std::uint8_t* const* columns, const std::uint8_t* point, std::size_t width,
                   std::size_t begin, std::size_t least, Matches& matches) {
  constexpr std::size_t kMost = 255;  // that a byte counts
  std::uint16_t* counts = matches.counts;
  std::fill_n(counts, kLanes, std::uint16_t{0});
  for (std::size_t first = 0; first < width; first += kMost) {
    Bytes low = {}, high = {};
    const std::size_t last = std::min(width, first + kMost);
    for (std::size_t d = first; d < last; ++d) {
      const Bytes choice = Bytes{} + point[d];
      count(columns[d] + begin, choice, low);
      count(columns[d] + begin + kVector, choice, high);
    }
    for (std::size_t i = 0; i < kVector; ++i) {
      counts[i] = static_cast<std::uint16_t>(counts[i] + low[i]);
      counts[kVector + i] = static_cast<std::uint16_t>(counts[kVector + i] + high[i]);
    }
  }
  const auto enough = static_cast<std::uint16_t>(least);
  for (std::size_t i = 0; i < kLanes; ++i) matches.enough[i] = counts[i] >= enough ? 1 : 0;
}

}  // namespace search_strategies
