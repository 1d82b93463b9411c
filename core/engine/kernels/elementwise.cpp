// Kernels that keep the shape: activations, other functions of one number, dropout, softmax; and
// add, sub, mul, div, pow.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/tensor/random.hpp"

namespace lathe::engine {

namespace {

// Keeps each element with probability 1-p, scaled by 1/(1-p); the identity in evaluation.
Kernel dropout(const KernelNode& node) {
  const double p = node.number("p");
  // Dropout2d drops whole channels.
  const bool channels = node.node().op != "dropout";
  // A function may say training=False.
  const Value* active = node.find("training");
  const bool off = p == 0.0 || (active != nullptr && !active->as_bool());
  return [=](const KernelCall& call) {
    const at::Tensor& x = call.inputs[0];
    if (!call.training || off) return x;
    at::DimVector shape(x.sizes());
    for (std::size_t i = 2; channels && i < shape.size(); ++i) shape[i] = 1;
    at::Tensor mask = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
    std::vector<double> draws(static_cast<std::size_t>(mask.numel()));
    uniform(call.seed, call.stream, call.counter, draws);
    const float scale = p < 1.0 ? static_cast<float>(1.0 / (1.0 - p)) : 0.0F;
    auto* out = mask.data_ptr<float>();
    for (std::size_t i = 0; i < draws.size(); ++i) out[i] = draws[i] < p ? 0.0F : scale;
    return x * mask.to(x.device());
  };
}

using Unary = at::Tensor (*)(const at::Tensor&);
template <Unary kFunction>
Kernel unary(const KernelNode&) {
  return [](const KernelCall& call) { return kFunction(call.inputs[0]); };
}

Kernel hardtanh(const KernelNode& node) {
  const double low = node.number("min_val");
  const double high = node.number("max_val");
  return [=](const KernelCall& call) { return at::hardtanh(call.inputs[0], low, high); };
}

Kernel leaky_relu(const KernelNode& node) {
  const double slope = node.number("negative_slope");
  return [=](const KernelCall& call) { return at::leaky_relu(call.inputs[0], slope); };
}

Kernel gelu(const KernelNode& node) {
  return [approximate = node.value("approximate").as_string()](const KernelCall& call) {
    return at::gelu(call.inputs[0], approximate);
  };
}

// As PyTorch has it: the line x where x * beta exceeds `threshold`.
Kernel softplus(const KernelNode& node) {
  const double beta = node.number("beta");
  const double threshold = node.number("threshold");
  return [=](const KernelCall& call) { return at::softplus(call.inputs[0], beta, threshold); };
}

at::Tensor softsign(const at::Tensor& x) { return x / (x.abs() + 1); }

// Both sides of an arithmetic: either may be a number.
template <typename Function>
Kernel binary(const KernelNode& node, Function function) {
  const KernelNode::Operand a = node.operand("input");
  const KernelNode::Operand b = node.operand("other");
  return [=](const KernelCall& call) {
    const at::Tensor& like = call.inputs[0];
    auto side = [&](const KernelNode::Operand& operand) {
      return operand.tensor ? call.inputs[*operand.tensor]
                            : at::scalar_tensor(operand.number, like.options());
    };
    return function(side(a), side(b));
  };
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

Kernel softmax(const KernelNode& node) {
  return [dim = node.integer("dim")](const KernelCall& call) {
    return at::softmax(call.inputs[0], dim);
  };
}

Kernel same(const KernelNode&) {
  return [](const KernelCall& call) { return call.inputs[0]; };
}

constexpr KernelRow kRows[] = {
    {"relu", unary<at::relu>},
    {"relu6", unary<at::relu6>},
    {"hardswish", unary<at::hardswish>},
    {"hardsigmoid", unary<at::hardsigmoid>},
    {"sigmoid", unary<at::sigmoid>},
    {"tanh", unary<at::tanh>},
    {"hardtanh", hardtanh},
    {"leaky_relu", leaky_relu},
    {"gelu", gelu},
    {"silu", unary<at::silu>},
    {"selu", unary<at::selu>},
    {"softplus", softplus},
    {"softsign", unary<softsign>},
    {"exp", unary<at::exp>},
    {"sqrt", unary<at::sqrt>},
    {"rsqrt", unary<at::rsqrt>},
    {"erf", unary<at::erf>},
    {"dropout", dropout},
    {"dropout2d", dropout},
    {"softmax", softmax},
    {"identity", same},
    {"add", add},
    {"sub", sub},
    {"mul", mul},
    {"div", div},
    {"pow", pow},
};

}  // namespace

std::span<const KernelRow> elementwise_kernels() { return kRows; }

}  // namespace lathe::engine
