// Parameters of graphs as LibTorch tensors, and their quantized values: each made once while the
// contents live. Thread-safe.
#pragma once

#include "core/engine/plan.hpp"
#include "core/run/cache.hpp"

namespace lathe::engine {

namespace integer {
class WeightLevels;
}

class Weights {
 public:
  Weights(run::Cache& cache, at::Device device) : cache_(cache), device_(device) {}

  // One tensor per operand of the plan, quantized for evaluation: those that `wanted` says, by
  // number, and that `bound` has not.
  void bind(const Plan& plan, const std::vector<bool>& wanted, std::vector<at::Tensor>& bound);
  // The levels of what a format makes of a parameter. Throws integer::Unfit if there are none that
  // fit bytes.
  std::shared_ptr<const integer::WeightLevels> levels(const Parameter& parameter,
                                                      const run::Quantizer& format,
                                                      std::uint64_t seed);

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
