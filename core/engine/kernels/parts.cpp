// Kernels of what gives several tensors: split, chunk, and max along a dimension.
#include "core/engine/kernels/kernel_rows.hpp"

namespace lathe::engine {

namespace {

PartsKernel split(const KernelNode& node) {
  const std::int64_t dim = node.integer("dim");
  const Value& said = node.value("split_size_or_sections");
  if (said.is_int()) {
    return [dim, each = said.as_int()](const KernelCall& call) {
      return at::split(call.inputs[0], each, dim);
    };
  }
  return [dim, sections = node.integers("split_size_or_sections")](const KernelCall& call) {
    return at::split_with_sizes(call.inputs[0], sections, dim);
  };
}

PartsKernel chunk(const KernelNode& node) {
  return [chunks = node.integer("chunks"), dim = node.integer("dim")](const KernelCall& call) {
    return at::chunk(call.inputs[0], chunks, dim);
  };
}

PartsKernel max(const KernelNode& node) {
  return [dim = node.integer("dim"), keep = node.flag("keepdim")](const KernelCall& call) {
    auto [values, indices] = at::max(call.inputs[0], dim, keep);
    return Parts{std::move(values), std::move(indices)};
  };
}

constexpr PartsKernelRow kRows[] = {
    {"split", split},
    {"chunk", chunk},
    {"max", max},
};

}  // namespace

std::span<const PartsKernelRow> parts_kernels() { return kRows; }

}  // namespace lathe::engine
