// Kernels that take parts of a tensor, add a margin to it, average or add over dimensions: getitem,
// pad, mean, sum, amax; and the largest of all elements.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/graph/ops/index_items.hpp"

namespace lathe::engine {

namespace {

// A view of the tensor: bounds follow the batch that is run.
Kernel getitem(const KernelNode& node) {
  return [items = parse_index(node.value("index"))](const KernelCall& call) {
    at::Tensor x = call.inputs[0];
    const Shape shape(x.sizes().vec());
    std::int64_t dimension = 0;
    for (const IndexStep& step : index_steps(items, shape)) {
      if (step.kind == IndexItem::Kind::new_axis) {
        x = x.unsqueeze(dimension++);
      } else if (step.kind == IndexItem::Kind::position) {
        x = x.select(dimension, step.start);
      } else {
        const std::int64_t here = dimension++;
        if (step.start == 0 && step.stop == x.size(here) && step.step == 1) continue;
        x = x.slice(here, step.start, step.stop, step.step);
      }
    }
    return x;
  };
}

Kernel pad(const KernelNode& node) {
  const Value& given = node.value("value");
  return [margins = node.integers("pad"),
          value = given.is_none() ? 0.0 : given.as_float()](const KernelCall& call) {
    return at::constant_pad_nd(call.inputs[0], margins, value);
  };
}

Kernel mean(const KernelNode& node) {
  return [dims = node.integers("dim"), keep = node.flag("keepdim")](const KernelCall& call) {
    return at::mean(call.inputs[0], dims, keep);
  };
}

Kernel sum(const KernelNode& node) {
  return [dims = node.integers("dim"), keep = node.flag("keepdim")](const KernelCall& call) {
    return at::sum(call.inputs[0], dims, keep);
  };
}

Kernel amax(const KernelNode& node) {
  return [dims = node.integers("dim"), keep = node.flag("keepdim")](const KernelCall& call) {
    return at::amax(call.inputs[0], dims, keep);
  };
}

Kernel max(const KernelNode&) {
  return [](const KernelCall& call) { return at::max(call.inputs[0]); };
}

constexpr KernelRow kRows[] = {
    {"amax", amax}, {"max", max}, {"getitem", getitem}, {"pad", pad}, {"mean", mean}, {"sum", sum},
};

}  // namespace

std::span<const KernelRow> index_kernels() { return kRows; }

}  // namespace lathe::engine
