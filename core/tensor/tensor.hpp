// An immutable, counted, contiguous buffer on the CPU with a dtype and a shape.
// Copies share the contents; that is safe because nobody can write them.
// Knows nothing about arithmetic: that is the engine's.
#pragma once

#include "core/tensor/dtype.hpp"
#include "core/tensor/shape.hpp"

#include <lathe/dlpack.h>

#include <functional>
#include <memory>
#include <span>

namespace lathe {

class Tensor {
 public:
  Tensor() = default;

  // Zeroed memory, filled by `fill` before anyone else can see it.
  static Tensor make(DType dtype, Shape shape,
                     const std::function<void(std::span<std::byte>)>& fill = {});
  // Borrows memory that `owner` keeps alive and nobody writes any more.
  static Tensor adopt(DType dtype, Shape shape, std::shared_ptr<const void> owner,
                      const std::byte* data);
  template <typename T>
  static Tensor of(DType dtype, Shape shape, std::span<const T> values);
  // A copy of any CPU DLTensor, strides honoured.
  static Tensor copy_of(const DLTensor& tensor);

  bool defined() const { return dtype_ != DType::none; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t numel() const { return numel_; }
  std::span<const std::byte> bytes() const;
  // REQUIRES: T fits the dtype's size.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(numel_)};
  }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // A dense view (without strides) that points into this tensor, which must outlive it. Never write
  // through it. For plugins there is core/tensor/borrowed_tensor.hpp.
  DLTensor dlpack() const;

 private:
  DType dtype_ = DType::none;
  Shape shape_;
  std::int64_t numel_ = 0;
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
};

DLDataType to_dlpack(DType dtype);
DType from_dlpack(DLDataType type);  // throws usage_error for a type Lathe lacks

template <typename T>
Tensor Tensor::of(DType dtype, Shape shape, std::span<const T> values) {
  return make(dtype, std::move(shape), [&](std::span<std::byte> out) {
    auto in = std::as_bytes(values);
    std::copy(in.begin(), in.end(), out.begin());
  });
}

}  // namespace lathe
