// Adam, AdamW and SGD over one flat buffer: every parameter of the network updated by one loop.
// Plain C++; knows nothing about LibTorch or graphs. Formulas are PyTorch's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe::run {

enum class OptimizerKind { adam, adamw, sgd };
OptimizerKind optimizer_from_name(std::string_view name);  // throws usage_error

class Optimizer {
 public:
  Optimizer(OptimizerKind kind, std::size_t size, double weight_decay);

  // One update of `values` from `gradients`.
  void step(std::span<float> values, std::span<const float> gradients, double learning_rate);

  // State, for checkpoints: moments (adam, adamw) or momentum (sgd, the second is empty).
  std::span<float> first() { return first_; }
  std::span<float> second() { return second_; }
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

  // Where cosine annealing ends: 1e-6, for sgd 0, as MASE has it.
  double annealing_floor() const { return kind_ == OptimizerKind::sgd ? 0.0 : 1e-6; }

 private:
  OptimizerKind kind_;
  double weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<float> first_, second_;
};

}  // namespace lathe::run
