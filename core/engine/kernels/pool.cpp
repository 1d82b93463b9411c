// Kernels of the pools: avg, max and their adaptive forms, in one and two dimensions.
#include "core/engine/kernels/kernel_rows.hpp"

namespace lathe::engine {

namespace {

using List = std::vector<std::int64_t>;

struct Window {
  List size, stride, padding, dilation;
  bool ceil = false, count_padding = true;
};

Window window(const KernelNode& node, std::size_t dims, bool max) {
  Window out;
  out.size = node.integers("kernel_size", dims);
  out.stride = node.integers("stride", dims);
  out.padding = node.integers("padding", dims);
  if (max) out.dilation = node.integers("dilation", dims);
  out.ceil = node.flag("ceil_mode");
  if (!max) out.count_padding = node.flag("count_include_pad");
  return out;
}

Kernel max_pool1d(const KernelNode& node) {
  return [w = window(node, 1, true)](const KernelCall& call) {
    return at::max_pool1d(call.inputs[0], w.size, w.stride, w.padding, w.dilation, w.ceil);
  };
}
Kernel max_pool2d(const KernelNode& node) {
  return [w = window(node, 2, true)](const KernelCall& call) {
    return at::max_pool2d(call.inputs[0], w.size, w.stride, w.padding, w.dilation, w.ceil);
  };
}
Kernel avg_pool1d(const KernelNode& node) {
  return [w = window(node, 1, false)](const KernelCall& call) {
    return at::avg_pool1d(call.inputs[0], w.size, w.stride, w.padding, w.ceil, w.count_padding);
  };
}
Kernel avg_pool2d(const KernelNode& node) {
  return [w = window(node, 2, false)](const KernelCall& call) {
    return at::avg_pool2d(call.inputs[0], w.size, w.stride, w.padding, w.ceil, w.count_padding);
  };
}

template <std::size_t kDims, bool kMax>
Kernel adaptive_pool(const KernelNode& node) {
  const List size = node.integers("output_size", kDims);
  return [size](const KernelCall& call) -> at::Tensor {
    const at::Tensor& x = call.inputs[0];
    if constexpr (kMax) {
      if constexpr (kDims == 1) return std::get<0>(at::adaptive_max_pool1d(x, size));
      return std::get<0>(at::adaptive_max_pool2d(x, size));
    } else {
      if constexpr (kDims == 1) return at::adaptive_avg_pool1d(x, size);
      return at::adaptive_avg_pool2d(x, size);
    }
  };
}

constexpr KernelRow kRows[] = {
    {"avg_pool1d", avg_pool1d},
    {"max_pool1d", max_pool1d},
    {"avg_pool2d", avg_pool2d},
    {"max_pool2d", max_pool2d},
    {"adaptive_avg_pool1d", adaptive_pool<1, false>},
    {"adaptive_max_pool1d", adaptive_pool<1, true>},
    {"adaptive_avg_pool2d", adaptive_pool<2, false>},
    {"adaptive_max_pool2d", adaptive_pool<2, true>},
};

}  // namespace

std::span<const KernelRow> pool_kernels() { return kRows; }

}  // namespace lathe::engine
