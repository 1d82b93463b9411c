// Between the core's immutable tensors, LibTorch's and the ABI's views: memory is shared, never
// copied where the layout allows. Knows nothing about graphs.
#pragma once

#include "core/tensor/tensor.hpp"

#include <ATen/ATen.h>

#include <mutex>
#include <unordered_map>

namespace lathe::engine {

at::ScalarType scalar_type(DType dtype);
DType dtype_of(at::ScalarType type);  // throws run_error for a type Lathe lacks

// Shares the memory of `tensor` and keeps it alive. Never write through it.
at::Tensor share(const Tensor& tensor);
// Shares the memory of a contiguous CPU tensor; copies any other.
Tensor share(const at::Tensor& tensor);

// A view for the ABI of rows [first, first + rows) of a contiguous CPU tensor; of all of it if
// rows is 0. Points into itself and into the tensor, which must outlive it.
class AbiView {
 public:
  explicit AbiView(const at::Tensor& tensor, std::int64_t first = 0, std::int64_t rows = 0);
  // Of float32 memory.
  AbiView(float* data, std::span<const std::int64_t> shape);
  AbiView(const AbiView&) = delete;
  AbiView& operator=(const AbiView&) = delete;
  DLTensor& operator*() { return view_; }

 private:
  void describe(DType dtype);

  DLTensor view_{};
  at::DimVector shape_;
};

}  // namespace lathe::engine
