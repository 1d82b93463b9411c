// The engine's op table: one row per op of the dialect, from a node's settings to the ATen call
// that computes it. Number formats are applied around a kernel, never inside.
#pragma once

#include "core/engine/settings.hpp"

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
};

using Kernel = std::function<at::Tensor(const KernelCall&)>;

// The kernel of a node; throws usage_error naming the node for an op or a setting the engine lacks.
Kernel make_kernel(const Settings& settings);
bool can_execute(std::string_view op);

// The result of a node that is no tensor: what `size` tells, or arithmetic on it.
std::vector<std::int64_t> value_of(const Settings& settings, const at::Tensor& input,
                                   std::span<const std::vector<std::int64_t>* const> values);

// True if row i of the node's result depends on row i of its inputs only, provided that this is so
// for the inputs: then batches may be run together without changing what each row gives.
bool is_row_wise(const Graph& graph, const Settings& settings);

}  // namespace lathe::engine
