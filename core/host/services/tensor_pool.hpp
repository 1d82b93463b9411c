// Tensors that a plugin borrows until it returns or gives them back. Thread-safe.
#pragma once

#include "core/tensor/borrowed_tensor.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>

namespace lathe {

class TensorPool {
 public:
  // A view of the tensor, which is kept alive until release. Addresses are stable.
  lathe_tensor* keep(const Tensor& tensor, lathe_tensor_flags flags);
  void release(const lathe_tensor* view);  // throws usage_error if it is none of these

 private:
  struct Kept {
    Tensor tensor;
    BorrowedTensor view;
  };
  std::mutex mutex_;
  std::unordered_map<const lathe_tensor*, std::unique_ptr<Kept>> kept_;
};

}  // namespace lathe
