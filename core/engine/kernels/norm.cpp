// Kernels of the normalisations: batch_norm1d, batch_norm2d, layer_norm, rms_norm,
// group_norm.
#include "core/engine/kernels/kernel_rows.hpp"

#include <fmt/format.h>

#include <limits>

namespace lathe::engine {

namespace {

Kernel batch_norm(const KernelNode& node) {
  const auto weight = node.parameter("weight");
  const auto bias = node.parameter("bias");
  const auto mean = node.parameter("running_mean");
  const auto variance = node.parameter("running_var");
  const auto tracked = node.parameter("num_batches_tracked");
  const double eps = node.number("eps");
  // PyTorch: momentum None means the plain average over all batches so far.
  const bool cumulative = node.value("momentum").is_none();
  const double momentum = cumulative ? 0.0 : node.number("momentum");
  if (cumulative && !tracked) node.refuse("momentum NA needs the buffer num_batches_tracked");
  return [=](const KernelCall& call) {
    auto get = [&](const std::optional<std::size_t>& i) {
      return i ? call.parameters[*i] : at::Tensor();
    };
    const at::Tensor& x = call.inputs[0];
    const bool batch_statistics = call.training || !mean;
    if (batch_statistics && x.numel() == x.size(1)) {
      throw run_error(
          LATHE_FAILED_PRECONDITION,
          fmt::format("batch normalisation {} needs more than 1 value per channel; choose a batch "
                      "size that leaves no batch of one row",
                      mean ? "in training" : "without running statistics"));
    }
    double factor = momentum;
    if (call.training && tracked) {
      auto* count = call.parameters[*tracked].data_ptr<std::int64_t>();
      *count += 1;
      if (cumulative) factor = 1.0 / static_cast<double>(*count);
    }
    return at::batch_norm(x, get(weight), get(bias), get(mean), get(variance), batch_statistics,
                          factor, eps, false);
  };
}

Kernel layer_norm(const KernelNode& node) {
  const Source weight = source(node, "weight");
  const Source bias = source(node, "bias");
  const std::vector<std::int64_t> dims = node.integers("normalized_shape");
  const double eps = node.number("eps");
  return [=](const KernelCall& call) {
    return at::layer_norm(call.inputs[0], dims, weight(call), bias(call), eps);
  };
}

// PyTorch: eps None is the least step of the element type.
Kernel rms_norm(const KernelNode& node) {
  const Source weight = source(node, "weight");
  std::vector<std::int64_t> dims(node.integers("normalized_shape").size());
  for (std::size_t i = 0; i < dims.size(); ++i) dims[i] = -1 - static_cast<std::int64_t>(i);
  const double eps = node.value("eps").is_none()
                         ? static_cast<double>(std::numeric_limits<float>::epsilon())
                         : node.number("eps");
  return [=](const KernelCall& call) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor y = x * at::rsqrt(at::mean(x * x, dims, true) + eps);
    const at::Tensor by = weight(call);
    return by.defined() ? y * by : y;
  };
}

Kernel group_norm(const KernelNode& node) {
  const Source weight = source(node, "weight");
  const Source bias = source(node, "bias");
  return
      [=, groups = node.integer("num_groups"), eps = node.number("eps")](const KernelCall& call) {
        return at::group_norm(call.inputs[0], groups, weight(call), bias(call), eps, false);
      };
}

constexpr KernelRow kRows[] = {
    {"group_norm", group_norm}, {"batch_norm1d", batch_norm}, {"batch_norm2d", batch_norm},
    {"layer_norm", layer_norm}, {"rms_norm", rms_norm},
};

}  // namespace

std::span<const KernelRow> norm_kernels() { return kRows; }

}  // namespace lathe::engine
