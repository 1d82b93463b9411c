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

// Of ops that give several tensors; one that may give one has a row of either kind.
struct PartsKernelRow {
  std::string_view op;
  PartsKernel (*make)(const KernelNode&);
};

std::span<const KernelRow> weighted_kernels();
std::span<const KernelRow> norm_kernels();
std::span<const KernelRow> pool_kernels();
std::span<const KernelRow> elementwise_kernels();
std::span<const KernelRow> product_kernels();
std::span<const KernelRow> layout_kernels();
std::span<const KernelRow> axes_kernels();
std::span<const KernelRow> index_kernels();
std::span<const KernelRow> arithmetic_kernels();
std::span<const KernelRow> choice_kernels();
std::span<const KernelRow> attention_kernels();
std::span<const KernelRow> rope_kernels();
std::span<const KernelRow> resample_kernels();
std::span<const PartsKernelRow> parts_kernels();
std::span<const PartsKernelRow> attention_parts_kernels();

// A parameter of a module, or a tensor argument of the function of the same name.
struct Source {
  std::optional<std::size_t> parameter, input;
  at::Tensor operator()(const KernelCall& call) const;  // undefined if there is neither
};
Source source(const KernelNode& node, std::string_view name);
// Refuses the node if there is neither.
Source needed(const KernelNode& node, std::string_view name);

// Keeps each element of `x` with probability 1-p, scaled by 1/(1-p); with `channels` whole channels
// of it together.
at::Tensor dropped(const at::Tensor& x, double p, const KernelCall& call, bool channels = false);

// A tensor argument, or a number of the type of the call's tensor `like` in its place.
at::Tensor tensor_of(const KernelCall& call, const KernelNode::Operand& operand,
                     std::size_t like = 0);

}  // namespace lathe::engine
