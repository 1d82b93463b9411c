// oneDNN, 2.x and 3.x, behind what Lathe asks of it: convolutions and products of bytes that sum in
// 32 bits. Knows nothing about graphs, formats or LibTorch. The library is the one LibTorch brings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lathe::engine::integer {

// What oneDNN multiplies bytes with here; DNNL_MAX_CPU_ISA lowers it.
struct Instructions {
  std::string_view name;  // eg: "AVX-512 with AMX", "AVX-512 VNNI", "AVX2 VNNI", "AVX2"
  bool exact = false;     // sums of products are exact; else 16-bit intermediates saturate
};
const Instructions& instructions();

// A two-dimensional convolution; a linear layer is one of 1 by 1 whose rows are positions. Data are
// rows x height x width x channels (NHWC), results too.
struct ConvolutionShape {
  std::int64_t rows = 0, channels = 0, height = 0, width = 0;
  std::int64_t out_channels = 0, groups = 1;
  std::array<std::int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  std::array<std::int64_t, 2> padding_before{0, 0}, padding_after{0, 0};  // with zeros
  bool is_signed = false;  // data are int8; else uint8

  std::int64_t out_height() const;
  std::int64_t out_width() const;
  std::int64_t kernel_size() const { return channels / groups * kernel[0] * kernel[1]; }
};

// Weights as a kernel reads them. Immutable; shared by threads.
class PackedWeights;

// Thread-safe: one may run on several threads at once. Each run takes as many OpenMP threads as the
// thread that made it had.
class ByteConvolution {
 public:
  // REQUIRES: rows > 0, a result that is not empty, and no padding of int8 data, which 2.6.3's
  // AVX-512 VNNI kernel sums up wrongly at some shapes.
  explicit ByteConvolution(const ConvolutionShape& shape);
  ~ByteConvolution();
  ByteConvolution(const ByteConvolution&) = delete;
  ByteConvolution& operator=(const ByteConvolution&) = delete;

  // oneDNN's name of the implementation, eg: "brgconv:avx512_core_vnni".
  std::string_view kernel() const;
  bool is_fast() const;  // none of oneDNN's reference loops
  // Made of exact instructions, which not all are where there are some.
  bool is_exact() const;

  // `weights`: int8, out_channels x channels/groups x kernel height x kernel width. `largest`: of
  // |data|. oneDNN passes sums through float, which holds 2^24: weights whose sums could get larger
  // are packed in parts that run one after another.
  std::shared_ptr<const PackedWeights> pack(const std::int8_t* weights, int largest) const;
  // Weights packed for the same layer and another number of rows: they need not be packed again.
  bool suits(const PackedWeights& weights) const;

  // y: int32, NHWC; overwritten, or added to. REQUIRES: suits(weights), |x| <= the `largest` that
  // they were packed with, and every sum of |x (+ 128 if signed)| * |weight| < 2^31.
  void run(const void* x, const PackedWeights& weights, std::int32_t* y) const;
  void add(const void* x, const PackedWeights& weights, std::int32_t* y) const;

 private:
  struct Primitive;
  void add_parts(const void* x, const PackedWeights& weights, std::size_t first,
                 std::int32_t* y) const;

  std::unique_ptr<const Primitive> primitive_;
};

// y (m x n, int32) = a (m x k; int8 if `a_is_signed`, else uint8) * b (int8; k x n, or n x k if
// `b_is_transposed`), all row-major and dense. Sums are exact below 2^31, see ByteConvolution::run.
void multiply(const void* a, bool a_is_signed, const std::int8_t* b, bool b_is_transposed,
              std::int64_t m, std::int64_t n, std::int64_t k, std::int32_t* y);

}  // namespace lathe::engine::integer
