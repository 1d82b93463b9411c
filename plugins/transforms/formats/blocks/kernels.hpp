// Kernels of formats whose blocks share a parameter. A format is given as a Rule:
//   using Shared = ...                   what a block shares, trivially copyable
//   void share(const std::int32_t* largest, Shared* shared, std::uint64_t blocks) const
//   void apply(const float* x, float* y, formats::Panel, const Shared* shared) const
// both of them loops in functions with LATHE_KERNEL; apply() calls formats::in_blocks.
#pragma once

#include <algorithm>

#include "../kernel.hpp"
#include "grid.hpp"

// The iterations of a loop do not meet: y is x or lies elsewhere. Unrolled before it is vectorised,
// a loop of 16 would be neither.
#if defined(__GNUC__) && !defined(__clang__)
#define LATHE_APART _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#else
#define LATHE_APART
#endif

namespace formats {

constexpr std::int32_t kLargestFinite = 0x7F7FFFFF;

inline __attribute__((always_inline)) std::int32_t bits_of(float x) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline __attribute__((always_inline)) float float_of(std::int32_t bits) {
  float x = 0;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
inline __attribute__((always_inline)) std::int32_t magnitude_bits(float x) {
  return bits_of(x) & 0x7FFFFFFF;
}

// Bits of a float order as integers.
inline __attribute__((always_inline)) std::int32_t largest_of_16(const float* x) {
  std::int32_t widest[8];
  for (int i = 0; i < 8; ++i) {
    widest[i] = std::max(magnitude_bits(x[i]), magnitude_bits(x[i + 8]));
  }
  for (int half = 4; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) widest[i] = std::max(widest[i], widest[i + half]);
  }
  return widest[0];
}
inline __attribute__((always_inline)) std::int32_t largest_of(const float* x, std::uint64_t count) {
  std::int32_t widest = 0;
  for (std::uint64_t i = 0; i < count; ++i) widest = std::max(widest, magnitude_bits(x[i]));
  return widest;
}

// largest[b] = the larger of it and the bits of the largest magnitude in block b, NaN and
// infinities among them.
[[maybe_unused]] LATHE_KERNEL static void widen(const float* x, Panel panel,
                                                std::int32_t* largest) {
  if (panel.block == 1) {
    for (std::uint64_t i = 0; i < panel.size(); ++i) {
      largest[i] = std::max(largest[i], magnitude_bits(x[i]));
    }
    return;
  }
  for (std::uint64_t row = 0; row < panel.rows; ++row) {
    std::uint64_t begin = 0;
    for (; begin + panel.block <= panel.length; begin += panel.block, ++largest) {
      const float* from = x + begin;
      const std::int32_t widest = panel.block == 16 ? largest_of_16(from)
                                  : panel.block == 32
                                      ? std::max(largest_of_16(from), largest_of_16(from + 16))
                                      : largest_of(from, panel.block);
      *largest = std::max(*largest, widest);
    }
    if (begin < panel.length) {
      *largest = std::max(*largest, largest_of(x + begin, panel.length - begin));
      ++largest;
    }
    x += panel.length;
  }
}

// y = one(x, shared of its block) over a panel.
template <class Shared, class One>
inline __attribute__((always_inline)) void in_blocks(const float* x, float* y, Panel panel,
                                                     const Shared* shared, One one) {
  if (panel.block == 1) {
    const std::uint64_t count = panel.size();
    LATHE_APART
    for (std::uint64_t i = 0; i < count; ++i) y[i] = one(x[i], shared[i]);
    return;
  }
  for (std::uint64_t row = 0; row < panel.rows; ++row) {
    std::uint64_t begin = 0;
    if (panel.block == 16 || panel.block == 32) {
      for (; begin + panel.block <= panel.length; ++shared) {
        const Shared of = *shared;
        for (std::uint64_t end = begin + panel.block; begin < end; begin += 16) {
          LATHE_APART
          for (std::uint64_t i = 0; i < 16; ++i) y[begin + i] = one(x[begin + i], of);
        }
      }
    }
    for (; begin < panel.length; ++shared) {
      const Shared of = *shared;
      const std::uint64_t end = std::min(begin + panel.block, panel.length);
      LATHE_APART
      for (; begin < end; ++begin) y[begin] = one(x[begin], of);
    }
    x += panel.length;
    y += panel.length;
  }
}

namespace detail {

// Which floats of a block make its maximum: the finite ones; where there are none but zeros and an
// infinity, the largest float. A NaN is passed over.
struct FiniteMaximum {
  std::int32_t largest = 0;
  bool has_infinity = false;
  void see(const float* x, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::int32_t bits = magnitude_bits(x[i]);
      has_infinity = has_infinity || bits == kLargestFinite + 1;
      if (bits <= kLargestFinite) largest = std::max(largest, bits);
    }
  }
  std::int32_t result() const { return largest == 0 && has_infinity ? kLargestFinite : largest; }
};

template <class Rows>
void mend_maxima(const float* x, Panel panel, Rows rows, std::int32_t* largest) {
  const std::uint64_t per_row = panel.blocks_per_row();
  for (std::uint64_t b = 0; b < panel.blocks(); ++b) {
    if (largest[b] <= kLargestFinite) continue;
    const std::uint64_t begin = b % per_row * panel.block;
    const std::uint64_t count = std::min(panel.block, panel.length - begin);
    FiniteMaximum maximum;
    rows(
        [&](std::uint64_t at) { maximum.see(x + at + b / per_row * panel.length + begin, count); });
    largest[b] = maximum.result();
  }
}

// apply() past the caches where `streamed`.
template <class Rule>
void write(const Rule& rule, const float* x, float* y, Panel panel,
           const typename Rule::Shared* shared, bool streamed) {
#if defined(__x86_64__)
  if (streamed) {
    alignas(64) float piece[kPanel];
    for (std::uint64_t begin = 0; begin < panel.size(); begin += kPanel) {
      // A panel that is larger is one block.
      const std::uint64_t size = std::min(kPanel, panel.size() - begin);
      const Panel part = panel.size() <= kPanel ? panel : Panel{1, size, size};
      rule.apply(x + begin, piece, part, shared);
      float* to = y + begin;
      std::uint64_t head = 0;
      while (head < size && reinterpret_cast<std::uintptr_t>(to + head) % 16 != 0) ++head;
      std::copy(piece, piece + head, to);
      write_past_caches(piece + head, to + head, size - head);
    }
    return;
  }
#endif
  rule.apply(x, y, panel, shared);
}

}  // namespace detail

// Bits of the largest magnitude of each block of a piece; a NaN does not count, infinities only
// where there is nothing else: then they are the largest float.
template <class Rows>
void block_maxima(const float* x, Panel panel, Rows rows, std::int32_t* largest) {
  const std::uint64_t blocks = panel.blocks();
  std::fill(largest, largest + blocks, 0);
  rows([&](std::uint64_t at) { widen(x + at, panel, largest); });
  std::int32_t highest = 0;
  for (std::uint64_t b = 0; b < blocks; ++b) highest = std::max(highest, largest[b]);
  if (highest > kLargestFinite) detail::mend_maxima(x, panel, rows, largest);
}

// Rounds a whole tensor; y may be x.
template <class Rule>
void quantize_blocks(const BlockGrid& grid, const float* x, float* y, std::uint64_t count,
                     const Rule& rule) {
  const bool streamed = count >= kStreamed && x != y;
  grid.for_each_piece([&](std::uint64_t, Panel panel, auto rows) {
    std::int32_t largest[kPanel];
    typename Rule::Shared shared[kPanel];
    block_maxima(x, panel, rows, largest);
    rule.share(largest, shared, panel.blocks());
    const bool past = streamed && panel.size() >= 256;
    rows([&](std::uint64_t at) { detail::write(rule, x + at, y + at, panel, shared, past); });
  });
#if defined(__x86_64__)
  if (streamed) _mm_sfence();
#endif
}

// What all blocks of a tensor share, in row-major order of blocks.
template <class Rule>
std::vector<typename Rule::Shared> shared_by_blocks(const BlockGrid& grid, const float* x,
                                                    const Rule& rule) {
  std::vector<typename Rule::Shared> shared(grid.count());
  grid.for_each_piece([&](std::uint64_t first, Panel panel, auto rows) {
    std::int32_t largest[kPanel];
    block_maxima(x, panel, rows, largest);
    rule.share(largest, shared.data() + first, panel.blocks());
  });
  return shared;
}

// Calls see(element, block) for all elements.
template <class See>
void for_each_element(const BlockGrid& grid, See see) {
  grid.for_each_piece([&](std::uint64_t first, Panel panel, auto rows) {
    const std::uint64_t per_row = panel.blocks_per_row();
    rows([&](std::uint64_t at) {
      for (std::uint64_t i = 0; i < panel.size(); ++i) {
        see(at + i, first + i / panel.length * per_row + i % panel.length / panel.block);
      }
    });
  });
}

}  // namespace formats
