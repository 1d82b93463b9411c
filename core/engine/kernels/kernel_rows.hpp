// How a row of the table of kernels looks, and the families that hold the rows: as the op table's
// own, file for file (core/graph/ops). Only the table's files include this.
#pragma once

#include "core/engine/kernels/kernels.hpp"

namespace lathe::engine {

using KernelMaker = Kernel (*)(const KernelNode&);

struct KernelRow {
  std::string_view op;
  KernelMaker make;
};

std::span<const KernelRow> weighted_kernels();
std::span<const KernelRow> norm_kernels();
std::span<const KernelRow> pool_kernels();
std::span<const KernelRow> elementwise_kernels();
std::span<const KernelRow> product_kernels();
std::span<const KernelRow> layout_kernels();
std::span<const KernelRow> axes_kernels();
std::span<const KernelRow> index_kernels();

// A parameter of a module, or a tensor argument of the function of the same name.
struct Source {
  std::optional<std::size_t> parameter, input;
  at::Tensor operator()(const KernelCall& call) const;  // undefined if there is neither
};
Source source(const KernelNode& node, std::string_view name);
// Refuses the node if there is neither.
Source needed(const KernelNode& node, std::string_view name);

}  // namespace lathe::engine
