// The kernel of interpolate.
#include "core/engine/kernels/kernel_rows.hpp"

#include <cmath>

namespace lathe::engine {

namespace {

using Scale = c10::optional<double>;

// Scales that are given are used as they are, also where extents are rounded.
struct Size {
  std::vector<std::int64_t> extents;  // empty: they follow from the scales
  std::vector<double> factors;        // empty: not given

  std::vector<std::int64_t> of(const at::Tensor& x) const {
    if (!extents.empty()) return extents;
    std::vector<std::int64_t> out;
    for (std::size_t d = 0; d < factors.size(); ++d) {
      const double before = static_cast<double>(x.size(static_cast<std::int64_t>(d) + 2));
      out.push_back(static_cast<std::int64_t>(std::floor(before * factors[d])));
    }
    return out;
  }
  Scale scale(std::size_t d) const { return factors.empty() ? Scale() : Scale(factors[d]); }
};

Size size_of(const KernelNode& node, std::size_t dims) {
  Size out;
  out.extents = node.integers("size", dims);
  const Value& factor = node.value("scale_factor");
  if (factor.is_list()) {
    for (const Value& item : factor.as_list()) out.factors.push_back(item.as_float());
  } else if (!factor.is_none()) {
    out.factors.assign(dims, factor.as_float());
  }
  return out;
}

at::Tensor nearest(const at::Tensor& x, const Size& size) {
  const std::vector<std::int64_t> to = size.of(x);
  if (to.size() == 1) return at::upsample_nearest1d(x, to, size.scale(0));
  return at::upsample_nearest2d(x, to, size.scale(0), size.scale(1));
}

at::Tensor area(const at::Tensor& x, const Size& size) {
  const std::vector<std::int64_t> to = size.of(x);
  return to.size() == 1 ? at::adaptive_avg_pool1d(x, to) : at::adaptive_avg_pool2d(x, to);
}

Kernel interpolate(const KernelNode& node) {
  const Size size = size_of(node, node.input_shapes().at(0).rank() - 2);
  const std::string& mode = node.value("mode").as_string();
  const Value& corners = node.value("align_corners");
  const bool aligned = !corners.is_none() && corners.as_bool();
  if (mode == "nearest")
    return [=](const KernelCall& call) { return nearest(call.inputs[0], size); };
  if (mode == "area") return [=](const KernelCall& call) { return area(call.inputs[0], size); };
  if (mode == "linear")
    return [=](const KernelCall& call) {
      return at::upsample_linear1d(call.inputs[0], size.of(call.inputs[0]), aligned, size.scale(0));
    };
  return [=, cubic = mode == "bicubic"](const KernelCall& call) {
    const at::Tensor& x = call.inputs[0];
    const std::vector<std::int64_t> to = size.of(x);
    if (cubic) return at::upsample_bicubic2d(x, to, aligned, size.scale(0), size.scale(1));
    return at::upsample_bilinear2d(x, to, aligned, size.scale(0), size.scale(1));
  };
}

constexpr KernelRow kRows[] = {
    {"interpolate", interpolate},
};

}  // namespace

std::span<const KernelRow> resample_kernels() { return kRows; }

}  // namespace lathe::engine
