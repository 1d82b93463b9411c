// Memory shared between the core's tensors and LibTorch's. Knows nothing about graphs.
#include "core/engine/tensors.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

namespace lathe::engine {

namespace {

struct Pair {
  DType dtype;
  at::ScalarType scalar;
};

constexpr Pair kTypes[] = {
    {DType::float32, at::kFloat},     {DType::float64, at::kDouble}, {DType::float16, at::kHalf},
    {DType::bfloat16, at::kBFloat16}, {DType::int8, at::kChar},      {DType::int16, at::kShort},
    {DType::int32, at::kInt},         {DType::int64, at::kLong},     {DType::uint8, at::kByte},
    {DType::boolean, at::kBool},
};

}  // namespace

at::ScalarType scalar_type(DType dtype) {
  for (const Pair& pair : kTypes) {
    if (pair.dtype == dtype) return pair.scalar;
  }
  throw run_error(LATHE_INTERNAL, "a result that is no tensor was asked for its element type");
}

DType dtype_of(at::ScalarType type) {
  for (const Pair& pair : kTypes) {
    if (pair.scalar == type) return pair.dtype;
  }
  throw run_error(LATHE_UNIMPLEMENTED,
                  fmt::format("tensors of LibTorch's type {} have no counterpart in Lathe",
                              c10::toString(type)));
}

at::Tensor share(const Tensor& tensor) {
  auto* data = const_cast<std::byte*>(tensor.bytes().data());
  return at::from_blob(
      data, tensor.shape().dims(), [owner = tensor.owner()](void*) {},
      at::TensorOptions().dtype(scalar_type(tensor.dtype())));
}

Tensor share(const at::Tensor& tensor) {
  auto owner = std::make_shared<at::Tensor>(tensor.detach().to(at::kCPU).contiguous());
  const auto* data = static_cast<const std::byte*>(owner->data_ptr());
  Shape shape(owner->sizes().vec());
  const DType dtype = dtype_of(owner->scalar_type());
  return Tensor::adopt(dtype, std::move(shape), std::move(owner), data);
}

AbiView::AbiView(const at::Tensor& tensor, std::int64_t first, std::int64_t rows)
    : shape_(tensor.sizes().begin(), tensor.sizes().end()) {
  view_.data = tensor.data_ptr();
  if (rows > 0) {
    const std::int64_t row_elements = tensor.numel() / tensor.size(0);
    const std::int64_t row_bytes = row_elements * static_cast<std::int64_t>(tensor.element_size());
    view_.data = static_cast<std::byte*>(view_.data) + first * row_bytes;
    shape_[0] = rows;
  }
  describe(dtype_of(tensor.scalar_type()));
}

AbiView::AbiView(float* data, std::span<const std::int64_t> shape)
    : shape_(shape.begin(), shape.end()) {
  view_.data = data;
  describe(DType::float32);
}

void AbiView::describe(DType dtype) {
  view_.device = DLDevice{kDLCPU, 0};
  view_.ndim = static_cast<std::int32_t>(shape_.size());
  view_.dtype = to_dlpack(dtype);
  view_.shape = shape_.data();
  view_.strides = nullptr;
  view_.byte_offset = 0;
}

}  // namespace lathe::engine
