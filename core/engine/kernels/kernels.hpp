// The door of the kernels: from a node, whose attributes are complete, to the ATen call that
// computes it. Number formats are applied around a kernel, never inside. What else is known of an
// op stands in its row (core/graph/ops).
#pragma once

#include "core/engine/kernels/kernel_node.hpp"

#include <ATen/ATen.h>

#include <functional>
#include <span>

namespace lathe::engine {

// What one execution of a kernel sees.
struct KernelCall {
  std::span<const at::Tensor> inputs;      // tensor inputs, in argument order
  std::span<const at::Tensor> parameters;  // as node.parameters; buffers are updated in training
  std::span<const std::vector<std::int64_t>* const> values;  // results of `size` nodes read
  bool training = false;
  // Random numbers of this node in this step (dropout): counter-based, so that a resumed run draws
  // the same.
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t counter = 0;
  // The number format of what the products of one op give each other; empty: none. See
  // OpRow::formats_inside.
  std::function<at::Tensor(const at::Tensor&)> inner_format = {};

  at::Tensor inner(const at::Tensor& x) const { return inner_format ? inner_format(x) : x; }
};

using Kernel = std::function<at::Tensor(const KernelCall&)>;
// Of an op that gives several tensors; one that is absent is undefined.
using Parts = std::vector<at::Tensor>;
using PartsKernel = std::function<Parts(const KernelCall&)>;

// The kernel of a node; throws usage_error naming the node for an op or a setting the engine lacks.
Kernel make_kernel(const KernelNode& node);
// The same of a node whose result is several tensors.
PartsKernel make_parts_kernel(const KernelNode& node);

}  // namespace lathe::engine
