// Kernels of what chooses or hides elements by a mask: where, masked_fill, tril; and of arange, eq
// and ne.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/engine/kernels/values.hpp"

namespace lathe::engine {

namespace {

// A number is of the type that the result has.
Kernel where(const KernelNode& node) {
  const auto condition = *node.tensor("condition");
  const KernelNode::Operand a = node.operand("input"), b = node.operand("other");
  return [=](const KernelCall& call) {
    const at::Tensor& mask = call.inputs[condition];
    at::TensorOptions options = mask.options().dtype(at::kFloat);
    for (const auto& from : {a, b})
      if (from.tensor) options = call.inputs[*from.tensor].options();
    const auto side = [&](const KernelNode::Operand& from) {
      return from.tensor ? call.inputs[*from.tensor] : at::scalar_tensor(from.number, options);
    };
    return at::where(mask, side(a), side(b));
  };
}

Kernel masked_fill(const KernelNode& node) {
  const auto x = *node.tensor("input"), mask = *node.tensor("mask");
  return [=, value = node.number("value")](const KernelCall& call) {
    return at::masked_fill(call.inputs[x], call.inputs[mask], value);
  };
}

Kernel tril(const KernelNode& node) {
  return [diagonal = node.integer("diagonal")](const KernelCall& call) {
    return at::tril(call.inputs[0], diagonal);
  };
}

Kernel arange(const KernelNode& node) {
  return [extents = node.extents(0)](const KernelCall& call) {
    const std::vector<std::int64_t> said = resolve(extents, call.values);
    const std::int64_t start = said.size() > 1 ? said[0] : 0;
    return at::arange(start, said[said.size() > 1 ? 1 : 0], said.size() > 2 ? said[2] : 1,
                      at::kLong);
  };
}

template <bool kEqual>
Kernel comparison(const KernelNode& node) {
  const auto x = *node.tensor("input");
  return [=, other = node.operand("other")](const KernelCall& call) {
    const at::Tensor& a = call.inputs[x];
    if (!other.tensor) return kEqual ? at::eq(a, other.number) : at::ne(a, other.number);
    const at::Tensor& b = call.inputs[*other.tensor];
    return kEqual ? at::eq(a, b) : at::ne(a, b);
  };
}

constexpr KernelRow kRows[] = {
    {"where", where},   {"masked_fill", masked_fill}, {"tril", tril},
    {"arange", arange}, {"eq", comparison<true>},     {"ne", comparison<false>},
};

}  // namespace

std::span<const KernelRow> choice_kernels() { return kRows; }

}  // namespace lathe::engine
