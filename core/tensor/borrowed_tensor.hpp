// A tensor as the ABI lends it: a lathe_tensor with its extents and strides, which it points at. So
// it stays where it was made.
#pragma once

#include "core/tensor/tensor.hpp"

#include <lathe/tensor.h>

#include <array>
#include <vector>

namespace lathe {

class BorrowedTensor {
 public:
  // Of a tensor, which must outlive it. What others hold is lent READ_ONLY.
  explicit BorrowedTensor(const Tensor& tensor, lathe_tensor_flags flags = LATHE_TENSOR_READ_ONLY);
  // Of host memory, dense. The extents are copied.
  BorrowedTensor(DType dtype, const void* data, std::span<const std::int64_t> shape,
                 lathe_tensor_flags flags);
  BorrowedTensor(const BorrowedTensor&) = delete;
  BorrowedTensor& operator=(const BorrowedTensor&) = delete;

  const lathe_tensor& view() const { return view_; }
  lathe_tensor& view() { return view_; }

 private:
  static constexpr std::size_t kUsualRank = 8;

  lathe_tensor view_{};
  std::array<std::int64_t, 2 * kUsualRank> usual_;
  std::vector<std::int64_t> many_;  // of tensors of more dimensions
};

// A copy of a tensor that a plugin lends, strides honoured. Throws usage_error for other devices,
// for codes and for what cannot be a tensor.
Tensor copy_of(const lathe_tensor& tensor);

}  // namespace lathe
