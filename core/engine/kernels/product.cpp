// Kernels of the matrix products between two activations: matmul, bmm, addmm.
#include "core/engine/kernels/kernel_rows.hpp"

namespace lathe::engine {

namespace {

template <at::Tensor (*kFunction)(const at::Tensor&, const at::Tensor&)>
Kernel product(const KernelNode& node) {
  const auto a = node.tensor("input");
  const auto b = node.tensor("other");
  if (!a || !b) node.refuse("it needs two tensors");
  return [=](const KernelCall& call) { return kFunction(call.inputs[*a], call.inputs[*b]); };
}

Kernel addmm(const KernelNode& node) {
  const std::size_t added = *node.tensor("input"), a = *node.tensor("mat1"),
                    b = *node.tensor("mat2");
  return [=, beta = node.number("beta"), alpha = node.number("alpha")](const KernelCall& call) {
    return at::addmm(call.inputs[added], call.inputs[a], call.inputs[b], beta, alpha);
  };
}

constexpr KernelRow kRows[] = {
    {"addmm", addmm},
    {"matmul", product<at::matmul>},
    {"bmm", product<at::bmm>},
};

}  // namespace

std::span<const KernelRow> product_kernels() { return kRows; }

}  // namespace lathe::engine
