// Kernels of what takes two numbers: add, sub, mul, div, pow, maximum.
#include "core/engine/kernels/kernel_rows.hpp"

namespace lathe::engine {

namespace {

// Both sides of an arithmetic: either may be a number.
template <typename Function>
Kernel binary(const KernelNode& node, Function function) {
  const KernelNode::Operand a = node.operand("input");
  const KernelNode::Operand b = node.operand("other");
  return [=](const KernelCall& call) { return function(tensor_of(call, a), tensor_of(call, b)); };
}

Kernel add(const KernelNode& node) {
  return binary(node, [alpha = node.number("alpha")](const at::Tensor& a, const at::Tensor& b) {
    return at::add(a, b, alpha);
  });
}
Kernel sub(const KernelNode& node) {
  return binary(node, [alpha = node.number("alpha")](const at::Tensor& a, const at::Tensor& b) {
    return at::sub(a, b, alpha);
  });
}
Kernel mul(const KernelNode& node) {
  return binary(node, [](const at::Tensor& a, const at::Tensor& b) { return at::mul(a, b); });
}
Kernel div(const KernelNode& node) {
  return binary(node, [](const at::Tensor& a, const at::Tensor& b) { return at::div(a, b); });
}
// A number as the exponent has PyTorch's ways of its own: x * x for 2.
Kernel pow(const KernelNode& node) {
  const KernelNode::Operand x = node.operand("input"), exponent = node.operand("exponent");
  return [=](const KernelCall& call) {
    const at::Scalar base(x.number), power(exponent.number);
    if (!x.tensor) return at::pow(base, call.inputs[*exponent.tensor]);
    if (!exponent.tensor) return at::pow(call.inputs[*x.tensor], power);
    return at::pow(call.inputs[*x.tensor], call.inputs[*exponent.tensor]);
  };
}

Kernel maximum(const KernelNode& node) {
  return binary(node, [](const at::Tensor& a, const at::Tensor& b) { return at::maximum(a, b); });
}

constexpr KernelRow kRows[] = {
    {"add", add}, {"sub", sub}, {"mul", mul}, {"div", div}, {"pow", pow}, {"maximum", maximum},
};

}  // namespace

at::Tensor tensor_of(const KernelCall& call, const KernelNode::Operand& operand, std::size_t like) {
  return operand.tensor ? call.inputs[*operand.tensor]
                        : at::scalar_tensor(operand.number, call.inputs[like].options());
}

std::span<const KernelRow> arithmetic_kernels() { return kRows; }

}  // namespace lathe::engine
