// Forward and backward loops of small dense layers. Activations are feature-major: feature f of
// row r is at x[f * stride + r], so that every loop runs over the rows of a batch, whatever the
// width of the layer. Plain C++; knows nothing about LibTorch, graphs or formats.
#pragma once

#include <cstddef>

namespace lathe::dense {

// Rows of one batch in feature-major layout.
struct Layout {
  std::size_t rows = 0;
  std::size_t stride = 0;  // >= rows
};

// What batch normalisation keeps between forward and backward, per feature.
struct Statistics {
  float mean = 0;
  float variance = 0;  // over n
  float inverse = 0;   // 1 / sqrt(variance + eps)
};

struct Kernels {
  const char* name;  // of the instructions, as LibTorch calls them: "AVX2", "default"
  // y[o] = bias[o] + sum over i of weight[o][i] x[i]; bias may be null.
  void (*linear)(Layout at, const float* x, std::size_t in, const float* weight, const float* bias,
                 std::size_t out, float* y);
  // Adds to the gradients of weight [out][in] and bias (may be null).
  void (*linear_gradients)(Layout at, const float* x, std::size_t in, const float* dy,
                           std::size_t out, float* dweight, float* dbias);
  // The other way: out[c][r] = in[r][c].
  void (*transpose)(const float* in, std::size_t rows, std::size_t in_stride, std::size_t columns,
                    float* out, std::size_t out_stride);
  void (*batch_norm)(Layout at, const float* x, std::size_t features, const float* weight,
                     const float* bias, float eps, Statistics* statistics, float* y);
  // Adds to the gradients of weight and bias; dx may be null, or dy itself.
  void (*batch_norm_gradients)(Layout at, const float* x, std::size_t features, const float* weight,
                               const Statistics* statistics, const float* dy, float* dweight,
                               float* dbias, float* dx);
  // Batch normalisation with known statistics: y[f] = x[f] scale[f] + shift[f].
  void (*scale_and_shift)(Layout at, const float* x, std::size_t features, const float* scale,
                          const float* shift, float* y);
  void (*relu)(Layout at, const float* x, std::size_t features, float* y);
  // dy becomes dx: nothing passes where y is not positive.
  void (*relu_gradient)(Layout at, const float* y, std::size_t features, float* dy);
};

// The fastest that this CPU runs; the same ones for the life of the process.
const Kernels& kernels();

}  // namespace lathe::dense
