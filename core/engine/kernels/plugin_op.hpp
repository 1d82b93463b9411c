// The kernel of ops that plugins bring, and their gradient for autograd.
#pragma once

#include "core/engine/kernels/kernels.hpp"
#include "core/plugin/registry.hpp"

namespace lathe::engine {

// REQUIRES: the row of the node's op is a plugin's. Plugins see dense tensors on the CPU, whatever
// the device; numbers with a binary point as float32.
Kernel plugin_kernel(const Registry& registry, const KernelNode& node);

// Throws usage_error that names the first node that no gradient passes through although a trained
// parameter stands at it or before it. `steps` are the nodes that are computed, in order.
void check_differentiable(const Graph& graph, const std::vector<NodeId>& steps);

}  // namespace lathe::engine
