#include "core/host/services/tensor_pool.hpp"

#include "core/host/services/plugin_mistake.hpp"

namespace lathe {

lathe_tensor* TensorPool::keep(const Tensor& tensor, lathe_tensor_flags flags) {
  std::unique_ptr<Kept> kept(new Kept{tensor, BorrowedTensor(tensor, flags)});
  lathe_tensor* view = &kept->view.view();
  const std::lock_guard lock(mutex_);
  kept_.emplace(view, std::move(kept));
  return view;
}

void TensorPool::release(const lathe_tensor* view) {
  const std::lock_guard lock(mutex_);
  if (kept_.erase(view) == 0) {
    throw PluginMistake("that is no tensor of this call, or it was given back already");
  }
}

}  // namespace lathe
