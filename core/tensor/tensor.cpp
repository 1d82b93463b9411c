#include "core/tensor/tensor.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <cstring>
#include <new>

namespace lathe {

namespace {

// A cache line, and the widest vector register.
constexpr std::align_val_t kAlignment{64};

std::size_t byte_size(DType dtype, const Shape& shape) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.numel()), element_size(dtype),
                             &bytes)) {
    throw run_error(LATHE_OUT_OF_RANGE, "a tensor of shape " + shape.text() + " is too large");
  }
  return bytes;
}

struct TypeRow {
  DType dtype;
  DLDataTypeCode code;
  std::uint8_t bits;
};

constexpr TypeRow kDlpackTypes[] = {
    {DType::float32, kDLFloat, 32}, {DType::float64, kDLFloat, 64},
    {DType::float16, kDLFloat, 16}, {DType::bfloat16, kDLBfloat, 16},
    {DType::int8, kDLInt, 8},       {DType::int16, kDLInt, 16},
    {DType::int32, kDLInt, 32},     {DType::int64, kDLInt, 64},
    {DType::uint8, kDLUInt, 8},
};

// Copies element by element, innermost dimension last.
void copy_strided(const DLTensor& from, const std::byte* base, std::size_t size,
                  std::span<std::byte> out) {
  const std::size_t rank = static_cast<std::size_t>(from.ndim);
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t offset = 0;
  for (std::size_t written = 0; written < out.size(); written += size) {
    std::memcpy(out.data() + written, base + offset * static_cast<std::int64_t>(size), size);
    for (std::size_t d = rank; d-- > 0;) {
      offset += from.strides[d];
      if (++index[d] < from.shape[d]) break;
      offset -= index[d] * from.strides[d];
      index[d] = 0;
    }
  }
}

}  // namespace

Tensor Tensor::make(DType dtype, Shape shape,
                    const std::function<void(std::span<std::byte>)>& fill) {
  const std::size_t bytes = byte_size(dtype, shape);
  if (bytes == 0) return adopt(dtype, std::move(shape), nullptr, nullptr);
  std::shared_ptr<std::byte> memory(
      static_cast<std::byte*>(::operator new(bytes, kAlignment, std::nothrow)),
      [](std::byte* p) { ::operator delete(p, kAlignment); });
  if (memory == nullptr) {
    throw run_error(
        LATHE_RESOURCE_EXHAUSTED,
        fmt::format("no memory for a tensor of shape {} ({} bytes)", shape.text(), bytes));
  }
  std::memset(memory.get(), 0, bytes);
  if (fill) fill({memory.get(), bytes});
  const std::byte* data = memory.get();
  return adopt(dtype, std::move(shape), std::move(memory), data);
}

Tensor Tensor::adopt(DType dtype, Shape shape, std::shared_ptr<const void> owner,
                     const std::byte* data) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.numel_ = shape.numel();
  tensor.shape_ = std::move(shape);
  tensor.owner_ = std::move(owner);
  tensor.data_ = data;
  return tensor;
}

Tensor Tensor::copy_of(const DLTensor& tensor) {
  if (tensor.device.device_type != kDLCPU) {
    throw usage_error(
        fmt::format("a tensor on device type {} was given; only the CPU's (1) can be read",
                    static_cast<int>(tensor.device.device_type)));
  }
  const DType dtype = from_dlpack(tensor.dtype);
  if (tensor.ndim < 0 || (tensor.ndim > 0 && tensor.shape == nullptr)) {
    throw usage_error(
        fmt::format("a tensor of {} dimensions without extents was given", tensor.ndim));
  }
  for (int d = 0; d < tensor.ndim; ++d) {
    if (tensor.shape[d] < 0) {
      throw usage_error(
          fmt::format("a tensor whose extent {} is {} was given", d, tensor.shape[d]));
    }
  }
  Shape shape(std::vector<std::int64_t>(tensor.shape, tensor.shape + tensor.ndim));
  const std::size_t bytes = byte_size(dtype, shape);
  if (bytes > 0 && tensor.data == nullptr) {
    throw usage_error("a tensor of shape " + shape.text() + " without data was given");
  }
  const std::byte* base = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  return make(dtype, std::move(shape), [&](std::span<std::byte> out) {
    if (tensor.strides == nullptr) {
      std::memcpy(out.data(), base, out.size());
    } else {
      copy_strided(tensor, base, element_size(dtype), out);
    }
  });
}

std::span<const std::byte> Tensor::bytes() const {
  return {data_, static_cast<std::size_t>(numel_) * element_size(dtype_)};
}

DLTensor Tensor::dlpack() const {
  DLTensor view{};
  view.data = const_cast<std::byte*>(data_);
  view.device = DLDevice{kDLCPU, 0};
  view.ndim = static_cast<int>(shape_.rank());
  view.dtype = to_dlpack(dtype_);
  view.shape = const_cast<std::int64_t*>(shape_.dims().data());
  view.strides = nullptr;
  view.byte_offset = 0;
  return view;
}

DLDataType to_dlpack(DType dtype) {
  if (dtype == DType::boolean) return {std::uint8_t{kDLBool}, 8, 1};
  for (const TypeRow& row : kDlpackTypes) {
    if (row.dtype == dtype) return {static_cast<std::uint8_t>(row.code), row.bits, 1};
  }
  throw usage_error("a tensor without an element type has no DLPack form");
}

DType from_dlpack(DLDataType type) {
  if (type.lanes == 1) {
    if (type.code == std::uint8_t{kDLBool} && type.bits == 8) return DType::boolean;
    for (const TypeRow& row : kDlpackTypes) {
      if (row.code == type.code && row.bits == type.bits) return row.dtype;
    }
  }
  throw usage_error(fmt::format("DLPack element type (code {}, {} bits, {} lanes) is not supported",
                                type.code, type.bits, type.lanes));
}

}  // namespace lathe
