// Tensors that a plugin borrows until it returns. Thread-safe.
#pragma once

#include "core/tensor/tensor.hpp"

#include <list>
#include <mutex>

namespace lathe {

class TensorPool {
 public:
  // A view of the tensor, which is kept alive. Addresses are stable.
  DLTensor* keep(Tensor tensor);

 private:
  struct Kept {
    Tensor tensor;
    DLTensor view;
  };
  std::mutex mutex_;
  std::list<Kept> kept_;
};

}  // namespace lathe
