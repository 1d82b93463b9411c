// Parameters of graphs as LibTorch tensors, and their quantized values: each made once while the
// contents live. Thread-safe.
#pragma once

#include "core/engine/plan.hpp"
#include "core/run/cache.hpp"

namespace lathe::engine {

class Weights {
 public:
  Weights(run::Cache& cache, at::Device device) : cache_(cache), device_(device) {}

  // One tensor per operand of the plan, quantized for evaluation.
  std::vector<at::Tensor> bind(const Plan& plan);

 private:
  at::Tensor tensor_of(const Parameter& parameter);
  at::Tensor quantized(const PlanOperand& operand, const at::Tensor& contents, std::uint64_t seed);

  run::Cache& cache_;
  at::Device device_;
  struct Held {
    std::shared_ptr<const ParameterContent> content;  // keeps the address taken
    at::Tensor tensor;
  };
  std::mutex mutex_;
  std::unordered_map<const ParameterContent*, Held> held_;
  std::uint64_t added_bytes_ = 0;  // since those that nobody needs were let go
};

}  // namespace lathe::engine
