#include "core/host/services/tensor_pool.hpp"

namespace lathe {

DLTensor* TensorPool::keep(Tensor tensor) {
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_.emplace_back();
  kept.tensor = std::move(tensor);
  // The view points at the shape inside the kept tensor, so it is made last.
  kept.view = kept.tensor.dlpack();
  return &kept.view;
}

}  // namespace lathe
