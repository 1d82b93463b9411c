// Loops of integer layers over floats, sums and bytes: what comes before and after the products.
// Tensors are positions x channels, dense (NHWC). The same bits on every processor. Knows nothing
// of graphs, formats, LibTorch and oneDNN.
#pragma once

#include <cstdint>

namespace lathe::engine::integer {

// Whether the CPU has the instructions that everything below is compiled for: AVX2 and FMA.
bool kernels_run_here();

struct Finish {
  const double* scale = nullptr;  // of each channel
  const float* bias = nullptr;    // of each channel; null: 0
  // Of each position: the scale is the channel's times this, rounded to double. Null: 1.
  const double* row_scale = nullptr;
  // REQUIRES, if true: every |sum| <= 2^24 and every scale (times row_scale) is a float32. Then one
  // FMA in float rounds once, which is faster.
  bool in_float = false;
};
// y = sum * scale + bias, rounded once, to float.
void finish(const std::int32_t* sums, float* y, std::int64_t positions, std::int64_t channels,
            const Finish& how);

// y = fma(x, scale[c], shift[c]): batch normalisation with known statistics. y may be x.
void scale_shift(const float* x, float* y, std::int64_t positions, std::int64_t channels,
                 const float* scale, const float* shift);
// y = x, but low where x < low, and then high where that is > high: NaN and -0 stay. ReLU is 0 to
// infinity. y may be x.
void clamp(const float* x, float* y, std::int64_t count, float low, float high);
// y = x + other. y may be either.
void add(const float* x, const float* other, float* y, std::int64_t count);

// Levels low to high, at most 256 of them; level * scale is a value. REQUIRES: |level| <= 255.
struct Levels {
  double scale = 1;
  std::int32_t low = 0, high = 255;
};
// The level of each quantized value q as a byte: int8 if low < 0, else uint8. REQUIRES: low >= -128
// and high <= 127, or low >= 0. False, whatever was written, if some q is not such a value,
// computed in float, to 8 units in the last place: half a level off, out of range, infinite, NaN.
bool to_bytes(const float* q, std::uint8_t* bytes, std::int64_t count, const Levels& levels);
// The same for levels that fit neither, as a sum of two bytes. `first` is the level limited to
// -128..127, int8; `second` the rest: uint8 (0 to 128) if high > 127, else int8 (-127 to 0).
bool to_split_bytes(const float* q, std::int8_t* first, std::uint8_t* second, std::int64_t count,
                    const Levels& levels);

// Maxima of windows of size x size that do not overlap. x is size rows of columns x channels, y is
// columns / size x channels: columns left over are dropped. NaN wins; of 0 and -0 the first.
void max_pool_rows(const float* x, std::int64_t columns, std::int64_t channels, std::int64_t size,
                   float* y);

}  // namespace lathe::engine::integer
