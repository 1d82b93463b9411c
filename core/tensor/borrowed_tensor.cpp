#include "core/tensor/borrowed_tensor.hpp"

#include "core/base/error.hpp"

#include <algorithm>

namespace lathe {

BorrowedTensor::BorrowedTensor(const Tensor& tensor, lathe_tensor_flags flags)
    : BorrowedTensor(tensor.dtype(), tensor.bytes().data(), tensor.shape().dims(), flags) {}

BorrowedTensor::BorrowedTensor(DType dtype, const void* data, std::span<const std::int64_t> shape,
                               lathe_tensor_flags flags) {
  const std::size_t rank = shape.size();
  std::int64_t* extents = usual_.data();
  if (rank > kUsualRank) {
    many_.resize(2 * rank);
    extents = many_.data();
  }
  std::int64_t* strides = extents + rank;
  std::ranges::copy(shape, extents);
  std::int64_t step = 1;
  for (std::size_t d = rank; d-- > 0;) {
    strides[d] = step;
    step *= shape[d];
  }
  view_.struct_size = sizeof view_;
  view_.flags = flags;
  view_.dl.data = const_cast<void*>(data);
  view_.dl.device = DLDevice{kDLCPU, 0};
  view_.dl.ndim = static_cast<std::int32_t>(rank);
  view_.dl.dtype = to_dlpack(dtype);
  view_.dl.shape = extents;
  view_.dl.strides = strides;
}

Tensor copy_of(const lathe_tensor& tensor) {
  if (tensor.struct_size < LATHE_SIZE_UP_TO(lathe_tensor, dl)) {
    throw usage_error("a tensor without a believable struct_size was given");
  }
  if (LATHE_HAS(lathe_tensor, &tensor, quantization)) {
    throw usage_error("a tensor of codes was given; only values can be read");
  }
  return Tensor::copy_of(tensor.dl);
}

}  // namespace lathe
