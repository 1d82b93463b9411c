// Kernels that keep the shape: activations, other functions of one number, dropout, softmax.
#include "core/engine/kernels/kernel_rows.hpp"
#include "core/tensor/random.hpp"

namespace lathe::engine {

namespace {

// The identity in evaluation.
Kernel dropout(const KernelNode& node) {
  const double p = node.number("p");
  // Dropout2d drops whole channels.
  const bool channels = node.node().op != "dropout";
  // A function may say training=False.
  const Value* active = node.find("training");
  const bool off = p == 0.0 || (active != nullptr && !active->as_bool());
  return [=](const KernelCall& call) {
    const at::Tensor& x = call.inputs[0];
    return call.training && !off ? dropped(x, p, call, channels) : x;
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

Kernel softmax(const KernelNode& node) {
  return [dim = node.integer("dim")](const KernelCall& call) {
    return at::softmax(call.inputs[0], dim);
  };
}

Kernel log_softmax(const KernelNode& node) {
  return [dim = node.integer("dim")](const KernelCall& call) {
    return at::log_softmax(call.inputs[0], dim);
  };
}

Kernel elu(const KernelNode& node) {
  return [alpha = node.number("alpha")](const KernelCall& call) {
    return at::elu(call.inputs[0], alpha);
  };
}

Kernel clamp(const KernelNode& node) {
  const auto bound = [&](const char* name) -> c10::optional<at::Scalar> {
    if (node.value(name).is_none()) return c10::nullopt;
    return at::Scalar(node.number(name));
  };
  return [low = bound("min"), high = bound("max")](const KernelCall& call) {
    return at::clamp(call.inputs[0], low, high);
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
    {"log", unary<at::log>},
    {"abs", unary<at::abs>},
    {"neg", unary<at::neg>},
    {"clamp", clamp},
    {"elu", elu},
    {"log_softmax", log_softmax},
    {"dropout", dropout},
    {"dropout2d", dropout},
    {"softmax", softmax},
    {"identity", same},
};

}  // namespace

at::Tensor dropped(const at::Tensor& x, double p, const KernelCall& call, bool channels) {
  at::DimVector shape(x.sizes());
  for (std::size_t i = 2; channels && i < shape.size(); ++i) shape[i] = 1;
  at::Tensor mask = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  std::vector<double> draws(static_cast<std::size_t>(mask.numel()));
  uniform(call.seed, call.stream, call.counter, draws);
  const float scale = p < 1.0 ? static_cast<float>(1.0 / (1.0 - p)) : 0.0F;
  auto* out = mask.data_ptr<float>();
  for (std::size_t i = 0; i < draws.size(); ++i) out[i] = draws[i] < p ? 0.0F : scale;
  return x * mask.to(x.device());
}

std::span<const KernelRow> elementwise_kernels() { return kRows; }

}  // namespace lathe::engine
