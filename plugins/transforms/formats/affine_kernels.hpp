// Kernels of the number format "affine", by rounding: QONNX's Quant in float32.
#pragma once

#include "kernel.hpp"

namespace formats::affine {

// The least and the largest code, and what a float holds of them.
struct Codes {
  std::int64_t first, last;
  float low, high;
};

enum class Rounding { half_even, floor, ceil, toward_zero };

struct HalfEven {
  static float of(float k) { return __builtin_rintf(k); }
};
struct Floor {
  static float of(float k) { return __builtin_floorf(k); }
};
struct Ceil {
  static float of(float k) { return __builtin_ceilf(k); }
};
struct TowardZero {
  static float of(float k) { return __builtin_truncf(k); }
};

// NaN passes both comparisons. Adding 0 makes +0 of -0.
template <class Round>
__attribute__((always_inline)) inline float code_of(float x, float scale, float zero, float low,
                                                    float high) {
  float k = x / scale + zero;
  k = k > high ? high : k;
  k = k < low ? low : k;
  return Round::of(k);
}

template <class Round>
__attribute__((always_inline)) inline void quantize_run_by(const float* x, float* y,
                                                           std::uint64_t count, float scale,
                                                           float zero, Codes codes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float k = code_of<Round>(x[i], scale, zero, codes.low, codes.high);
    y[i] = (k - zero) * scale + 0.0F;
  }
}
template <class Round>
__attribute__((always_inline)) inline void quantize_row_by(const float* x, float* y,
                                                           std::uint64_t count, const float* scale,
                                                           const float* zero, Codes codes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float k = code_of<Round>(x[i], scale[i], zero[i], codes.low, codes.high);
    y[i] = (k - zero[i]) * scale[i] + 0.0F;
  }
}

LATHE_KERNEL
static void quantize_run(const float* x, float* y, std::uint64_t count, float scale, float zero,
                         Codes codes, Rounding rounding) {
  switch (rounding) {
    case Rounding::half_even:
      return quantize_run_by<HalfEven>(x, y, count, scale, zero, codes);
    case Rounding::floor:
      return quantize_run_by<Floor>(x, y, count, scale, zero, codes);
    case Rounding::ceil:
      return quantize_run_by<Ceil>(x, y, count, scale, zero, codes);
    case Rounding::toward_zero:
      return quantize_run_by<TowardZero>(x, y, count, scale, zero, codes);
  }
}

LATHE_KERNEL
static void quantize_row(const float* x, float* y, std::uint64_t count, const float* scale,
                         const float* zero, Codes codes, Rounding rounding) {
  switch (rounding) {
    case Rounding::half_even:
      return quantize_row_by<HalfEven>(x, y, count, scale, zero, codes);
    case Rounding::floor:
      return quantize_row_by<Floor>(x, y, count, scale, zero, codes);
    case Rounding::ceil:
      return quantize_row_by<Ceil>(x, y, count, scale, zero, codes);
    case Rounding::toward_zero:
      return quantize_row_by<TowardZero>(x, y, count, scale, zero, codes);
  }
}

// dx of dy: 0 where the code was clipped.
LATHE_KERNEL
static void clip_run(const float* x, const float* dy, float* dx, std::uint64_t count, float scale,
                     float zero, Codes codes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const float k = x[i] / scale + zero;
    dx[i] = k >= codes.low && k <= codes.high ? dy[i] : 0.0F;
  }
}

inline double code_by(Rounding rounding, float x, float scale, float zero, const Codes& codes) {
  switch (rounding) {
    case Rounding::floor:
      return code_of<Floor>(x, scale, zero, codes.low, codes.high);
    case Rounding::ceil:
      return code_of<Ceil>(x, scale, zero, codes.low, codes.high);
    case Rounding::toward_zero:
      return code_of<TowardZero>(x, scale, zero, codes.low, codes.high);
    case Rounding::half_even:
      break;
  }
  return code_of<HalfEven>(x, scale, zero, codes.low, codes.high);
}

}  // namespace formats::affine
