// One number format on one operand of a node, as the engine calls it: on contiguous float32 on the
// CPU, whole batch by whole batch. Knows nothing about graphs beyond the node it belongs to.
#pragma once

#include "core/engine/tensors.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/instances.hpp"

namespace lathe::engine {

// Where a call stands in the random stream of the run: used by stochastic formats only.
struct RandomPlace {
  std::uint64_t seed = 0;
  std::uint64_t counter = 0;
};

class Quantizer {
 public:
  Quantizer() = default;
  // `row` of the node's op must outlive the quantizer.
  Quantizer(const Registry& registry, const OperandFormat& format, std::string_view role,
            std::uint32_t input_index, const OpRow& row, std::string_view node);

  explicit operator bool() const { return format_ != nullptr; }
  bool stochastic() const { return stochastic_; }
  bool has_backward() const { return format_->has_backward(); }

  // What makes two quantizers give the same tensor for the same contents.
  ContentHash identity() const;

  // The nearest representable values, a fresh tensor. `rows`: rows per call of the kernel, because
  // a format may look at the whole tensor; 0: all.
  at::Tensor operator()(const at::Tensor& x, bool training, RandomPlace place,
                        std::int64_t rows = 0) const;
  // The same into `y`, contiguous float32 of the shape of x.
  void into(const at::Tensor& x, at::Tensor& y, bool training, RandomPlace place) const;
  // The same between contiguous memory of one shape.
  void on_memory(const float* x, float* y, std::span<const std::int64_t> shape, bool training,
                 RandomPlace place) const;
  // The gradient of x: that of y (straight through), or what the format makes of it.
  at::Tensor backward(const at::Tensor& x, const at::Tensor& dy, bool training,
                      RandomPlace place) const;
  // The same for autograd: y carries the gradient to x.
  at::Tensor differentiable(const at::Tensor& x, bool training, RandomPlace place) const;

 private:
  lathe_format_context context(bool training, RandomPlace place) const;

  const FormatInstance* format_ = nullptr;
  lathe_role role_ = LATHE_DATA_IN;
  std::uint32_t input_index_ = 0;
  const OpRow* row_ = nullptr;
  std::uint64_t stream_ = 0;
  bool stochastic_ = false;
};

bool is_stochastic(const Registry& registry, const Node& node);

}  // namespace lathe::engine
