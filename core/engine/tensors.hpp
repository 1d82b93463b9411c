// Between the core's immutable tensors and LibTorch's: memory is shared, never copied where the
// layout allows. Knows nothing about graphs.
#pragma once

#include "core/tensor/tensor.hpp"

#include <ATen/ATen.h>

namespace lathe::engine {

at::ScalarType scalar_type(DType dtype);
DType dtype_of(at::ScalarType type);  // throws run_error for a type Lathe lacks

// Shares the memory of `tensor` and keeps it alive. Never write through it.
at::Tensor share(const Tensor& tensor);
// Shares the memory of a contiguous CPU tensor; copies any other.
Tensor share(const at::Tensor& tensor);

}  // namespace lathe::engine
