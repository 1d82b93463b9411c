// A number for the whole tensor, or one for each index along a dimension: which elements share it,
// means and ranges of them. Sums are taken in an order that follows from the extents alone, in
// eight lanes of doubles; values that are not finite are left out.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "kernel.hpp"

namespace formats {

// Element i, in row-major order, belongs to index i / inner % extent.
struct Along {
  std::uint64_t extent = 1, inner = 1;
  std::uint64_t period() const { return extent * inner; }
  // With short runs, kernels take a table of what belongs to each element of a period.
  bool is_short() const { return extent > 1 && inner < 32 && period() <= std::uint64_t{1} << 16; }
};

// axis -1: the whole tensor.
inline Along along(lathe::shape shape, int axis) {
  Along out;
  if (axis < 0) {
    out.inner = lathe::element_count(shape);
    return out;
  }
  const auto at = static_cast<std::uint64_t>(axis);
  out.extent = static_cast<std::uint64_t>(shape[at]);
  for (std::uint64_t d = at + 1; d < shape.size(); ++d) {
    out.inner *= static_cast<std::uint64_t>(shape[d]);
  }
  return out;
}

// Of codes: one block, or one for each index of the axis.
inline std::vector<std::int64_t> blocks_along(lathe::shape shape, int axis) {
  if (axis < 0) return {};
  std::vector<std::int64_t> extents = shape.to_vector();
  for (std::int64_t& extent : extents) extent = std::max<std::int64_t>(extent, 1);
  extents[static_cast<std::size_t>(axis)] = 1;
  return extents;
}

// Calls run(begin, count, index) for the pieces of [first, first + count) of one index, in order.
template <class Run>
void each_run(const Along& of, std::uint64_t first, std::uint64_t count, Run run) {
  const std::uint64_t end = first + count;
  std::uint64_t index = first / of.inner % of.extent, left = of.inner - first % of.inner;
  for (std::uint64_t begin = first; begin < end; begin += left, left = of.inner) {
    left = std::min(left, end - begin);
    run(begin, left, index);
    index = index + 1 == of.extent ? 0 : index + 1;
  }
}

// What belongs to each element of a period.
inline std::vector<float> spread(const std::vector<float>& of_index, const Along& of) {
  std::vector<float> out(of.period());
  for (std::uint64_t i = 0; i < out.size(); ++i) out[i] = of_index[i / of.inner];
  return out;
}

// Over x and y, in pieces: run(x, y, count, index) where an index has long runs, else
// row(x, y, count, at), whose first element stands at `at` of a period.
template <class Run, class Row>
void each_along(const Along& of, const float* x, float* y, std::uint64_t count, Run run, Row row) {
  if (of.period() == 0) return;
  each(x, y, count, [&](const float* from, float* into, std::uint64_t size) {
    const auto first = static_cast<std::uint64_t>(from - x);
    if (!of.is_short()) {
      each_run(of, first, size, [&](std::uint64_t begin, std::uint64_t n, std::uint64_t index) {
        run(x + begin, into + (begin - first), n, index);
      });
      return;
    }
    each_run({1, of.period()}, first, size, [&](std::uint64_t begin, std::uint64_t n, auto) {
      row(x + begin, into + (begin - first), n, begin % of.period());
    });
  });
}

constexpr float kLargest = std::numeric_limits<float>::max();

struct Sum {
  double total = 0;
  std::uint64_t count = 0;
  double mean() const { return count == 0 ? 0.0 : total / static_cast<double>(count); }
};

struct Range {
  float low = kLargest, high = -kLargest;  // low > high: nothing finite
};

namespace detail {

constexpr std::uint64_t kLanes = 8;

}  // namespace detail

// Adds abs(x), where that is finite and above `above`, which is not below 0, or -1 for all.
// What every x86-64 has does: the additions are in the same order everywhere.
inline void add_magnitudes(const float* x, std::uint64_t count, float above, Sum& sum) {
  using detail::kLanes;
  double total[kLanes] = {};
  std::uint64_t i = 0;
#if defined(__x86_64__)
  const __m128 no_sign = _mm_castsi128_ps(_mm_set1_epi32(0x7fffffff));
  const __m128 bound = _mm_set1_ps(above), largest = _mm_set1_ps(kLargest);
  __m128d sums[kLanes / 2] = {};
  __m128i found = _mm_setzero_si128();
  for (; i + kLanes <= count; i += kLanes) {
    for (int half = 0; half < 2; ++half) {
      const __m128 a = _mm_and_ps(_mm_loadu_ps(x + i + 4 * half), no_sign);
      const __m128 counts = _mm_and_ps(_mm_cmpgt_ps(a, bound), _mm_cmple_ps(a, largest));
      const __m128 kept = _mm_and_ps(a, counts);
      found = _mm_sub_epi32(found, _mm_castps_si128(counts));
      sums[2 * half] = _mm_add_pd(sums[2 * half], _mm_cvtps_pd(kept));
      sums[2 * half + 1] = _mm_add_pd(sums[2 * half + 1], _mm_cvtps_pd(_mm_movehl_ps(kept, kept)));
    }
  }
  std::uint32_t founds[4];
  std::memcpy(founds, &found, sizeof founds);
  for (const std::uint32_t n : founds) sum.count += n;
  std::memcpy(total, sums, sizeof total);
#endif
  for (std::uint64_t lane = 0; i < count; ++i, lane = (lane + 1) % kLanes) {
    const float a = std::fabs(x[i]);
    if (!(a > above && a <= kLargest)) continue;
    total[lane] += static_cast<double>(a);
    ++sum.count;
  }
  for (const double lane : total) sum.total += lane;
}

inline void widen_range(const float* x, std::uint64_t count, Range& range) {
  std::uint64_t i = 0;
#if defined(__x86_64__)
  const __m128 least = _mm_set1_ps(-kLargest), largest = _mm_set1_ps(kLargest);
  __m128 low[2] = {_mm_set1_ps(range.low), _mm_set1_ps(range.low)};
  __m128 high[2] = {_mm_set1_ps(range.high), _mm_set1_ps(range.high)};
  for (; i + 8 <= count; i += 8) {
    for (int half = 0; half < 2; ++half) {
      const __m128 a = _mm_loadu_ps(x + i + 4 * half);
      const __m128 finite = _mm_and_ps(_mm_cmpge_ps(a, least), _mm_cmple_ps(a, largest));
      // What does not count is the other end of all floats.
      const __m128 kept = _mm_and_ps(finite, a);
      low[half] = _mm_min_ps(low[half], _mm_or_ps(kept, _mm_andnot_ps(finite, largest)));
      high[half] = _mm_max_ps(high[half], _mm_or_ps(kept, _mm_andnot_ps(finite, least)));
    }
  }
  float ends[8];
  std::memcpy(ends, low, sizeof ends);
  for (const float end : ends) range.low = std::min(range.low, end);
  std::memcpy(ends, high, sizeof ends);
  for (const float end : ends) range.high = std::max(range.high, end);
#endif
  for (; i < count; ++i) {
    if (!(std::fabs(x[i]) <= kLargest)) continue;
    range.low = std::min(range.low, x[i]);
    range.high = std::max(range.high, x[i]);
  }
}

namespace detail {

// The same for runs that are too short for eight at a time.
inline void add_few(const float* x, std::uint64_t count, float above, Sum& sum) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float a = std::fabs(x[i]);
    if (!(a > above && a <= kLargest)) continue;
    sum.total += static_cast<double>(a);
    ++sum.count;
  }
}
inline void widen_by_few(const float* x, std::uint64_t count, Range& range) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!(std::fabs(x[i]) <= kLargest)) continue;
    range.low = std::min(range.low, x[i]);
    range.high = std::max(range.high, x[i]);
  }
}

}  // namespace detail

// Of each index: the sum of the magnitudes above its bound (none: of all).
inline std::vector<Sum> magnitudes(const float* x, std::uint64_t count, const Along& of,
                                   const std::vector<float>& above = {}) {
  std::vector<Sum> sums(of.extent);
  if (of.period() == 0) return sums;
  each_run(of, 0, count, [&](std::uint64_t begin, std::uint64_t n, std::uint64_t index) {
    const float bound = above.empty() ? -1.0F : above[index];
    if (of.is_short()) return detail::add_few(x + begin, n, bound, sums[index]);
    // A lane counts to 2^31.
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 30;
    for (std::uint64_t at = 0; at < n; at += kPiece) {
      add_magnitudes(x + begin + at, std::min(kPiece, n - at), bound, sums[index]);
    }
  });
  return sums;
}

inline std::vector<Range> ranges(const float* x, std::uint64_t count, const Along& of) {
  std::vector<Range> out(of.extent);
  if (of.period() == 0) return out;
  each_run(of, 0, count, [&](std::uint64_t begin, std::uint64_t n, std::uint64_t index) {
    of.is_short() ? detail::widen_by_few(x + begin, n, out[index])
                  : widen_range(x + begin, n, out[index]);
  });
  return out;
}

// The largest float that is not above x.
inline float not_above(double x) {
  const auto nearest = static_cast<float>(x);
  return static_cast<double>(nearest) > x
             ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
             : nearest;
}

// "the weight of 'seq_blocks_2'", "the input of 'relu'".
inline std::string place(const lathe::site& site) {
  const std::string_view tensor = !site.parameter().empty()            ? site.parameter()
                                  : site.role() == LATHE_ROLE_DATA_OUT ? std::string_view("output")
                                                                       : std::string_view("input");
  return lathe::join({"the ", tensor, " of '", site.node(), "'"});
}

// A number as a user would write it.
inline std::string to_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

}  // namespace formats
