// Kernels of what moves, adds and takes away dimensions: permute, transpose, squeeze, unsqueeze,
// expand, stack.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/engine/kernels/values.hpp"

#include <algorithm>

namespace lathe::engine {

namespace {

Kernel permute(const KernelNode& node) {
  return [dims = node.extents(1)](const KernelCall& call) {
    return at::permute(call.inputs[0], resolve(dims, call.values));
  };
}

Kernel transpose(const KernelNode& node) {
  return [a = node.integer("dim0"), b = node.integer("dim1")](const KernelCall& call) {
    return at::transpose(call.inputs[0], a, b);
  };
}

Kernel unsqueeze(const KernelNode& node) {
  return [dim = node.integer("dim")](const KernelCall& call) {
    return at::unsqueeze(call.inputs[0], dim);
  };
}

Kernel squeeze(const KernelNode& node) {
  return [dims = node.integers("dim")](const KernelCall& call) {
    at::DimVector extents;
    const at::Tensor& x = call.inputs[0];
    for (std::int64_t d = 0; d < x.dim(); ++d) {
      const bool named = std::ranges::any_of(
          dims, [&](std::int64_t dim) { return (dim < 0 ? dim + x.dim() : dim) == d; });
      if (!named || x.size(d) != 1) extents.push_back(x.size(d));
    }
    return x.reshape(extents);
  };
}

Kernel expand(const KernelNode& node) {
  return [extents = node.extents(1)](const KernelCall& call) {
    return call.inputs[0].expand(resolve(extents, call.values));
  };
}

Kernel stack(const KernelNode& node) {
  return [dim = node.integer("dim")](const KernelCall& call) {
    return at::stack(at::TensorList(call.inputs.data(), call.inputs.size()), dim);
  };
}

constexpr KernelRow kRows[] = {
    {"permute", permute}, {"transpose", transpose}, {"unsqueeze", unsqueeze},
    {"squeeze", squeeze}, {"expand", expand},       {"stack", stack},
};

}  // namespace

std::span<const KernelRow> axes_kernels() { return kRows; }

}  // namespace lathe::engine
