// Parameters as LibTorch tensors.
#include "core/engine/weights.hpp"

#include "core/engine/quantize.hpp"
#include "core/engine/tensors.hpp"

namespace lathe::engine {

namespace {

// Parameters that no graph holds any more are let go each time this much has come in.
constexpr std::uint64_t kLetGoEvery = std::uint64_t{64} << 20;
// What holding a parameter costs at least.
constexpr std::uint64_t kOverhead = 1024;

}  // namespace

at::Tensor Weights::tensor_of(const Parameter& parameter) {
  {
    std::lock_guard lock(mutex_);
    auto held = held_.find(parameter.content.get());
    if (held != held_.end()) return held->second.tensor;
  }
  at::Tensor tensor = share(parameter.content->tensor()).to(device_);
  std::lock_guard lock(mutex_);
  added_bytes_ += tensor.nbytes() + kOverhead;
  if (added_bytes_ > kLetGoEvery) {
    std::erase_if(held_, [](const auto& entry) { return entry.second.content.use_count() == 1; });
    added_bytes_ = 0;
  }
  held_.insert_or_assign(parameter.content.get(), Held{parameter.content, tensor});
  return tensor;
}

at::Tensor Weights::quantized(const PlanOperand& operand, const at::Tensor& contents,
                              std::uint64_t seed) {
  const run::RandomPlace place{seed, 0};
  const auto make = [&] { return engine::quantized(operand.format, contents, false, place); };
  if (operand.format.stochastic()) return make();
  Hasher on;
  on.add("engine").add(std::string_view(device_.str())).add(operand.format.identity());
  const run::CacheKey key{operand.parameter->content->hash(), on.finish()};
  if (const run::Stored known = cache_.find(key)) {
    return *static_cast<const at::Tensor*>(known.get());
  }
  auto made = std::make_shared<at::Tensor>(make());
  cache_.insert(key, made, made->nbytes());
  return *made;
}

std::vector<at::Tensor> Weights::bind(const Plan& plan) {
  std::vector<at::Tensor> out;
  out.reserve(plan.operands().size());
  for (const PlanOperand& operand : plan.operands()) {
    at::Tensor contents = tensor_of(*operand.parameter);
    out.push_back(operand.format ? quantized(operand, contents, plan.graph().seed())
                                 : std::move(contents));
  }
  return out;
}

}  // namespace lathe::engine
