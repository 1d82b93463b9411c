// Kernels of what moves no numbers or only copies them: view, reshape, flatten, contiguous, cat.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/engine/kernels/values.hpp"

namespace lathe::engine {

namespace {

// A view of a tensor whose layout does not allow one is copied, as reshape does.
Kernel reshape(const KernelNode& node) {
  return [extents = node.extents(1)](const KernelCall& call) {
    return at::reshape(call.inputs[0], resolve(extents, call.values));
  };
}

Kernel flatten(const KernelNode& node) {
  const std::int64_t from = node.integer("start_dim");
  const std::int64_t to = node.integer("end_dim");
  return [=](const KernelCall& call) { return at::flatten(call.inputs[0], from, to); };
}

Kernel cat(const KernelNode& node) {
  const std::int64_t dim = node.integer("dim");
  return [=](const KernelCall& call) {
    return at::cat(at::TensorList(call.inputs.data(), call.inputs.size()), dim);
  };
}

Kernel contiguous(const KernelNode&) {
  return [](const KernelCall& call) { return call.inputs[0].contiguous(); };
}

constexpr KernelRow kRows[] = {
    {"view", reshape},          {"reshape", reshape}, {"flatten", flatten},
    {"contiguous", contiguous}, {"cat", cat},
};

}  // namespace

std::span<const KernelRow> layout_kernels() { return kRows; }

}  // namespace lathe::engine
