// Results that are no tensors: what `size` tells, arithmetic on it, and x.size()[1].
#pragma once

#include "core/engine/kernels/kernel_node.hpp"

#include <ATen/ATen.h>

#include <span>

namespace lathe::engine {

// `values` are the results of the node's value inputs; `input` is its tensor input, if it has one.
std::vector<std::int64_t> value_of(const KernelNode& node, const at::Tensor& input,
                                   std::span<const std::vector<std::int64_t>* const> values);

// Extents with the numbers that are known by now.
std::vector<std::int64_t> resolve(const std::vector<Extent>& extents,
                                  std::span<const std::vector<std::int64_t>* const> values);

}  // namespace lathe::engine
