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

}  // namespace lathe::engine
