// The table of kernels: modules and element-wise functions. Shapes and layouts are in
// kernels_shape.cpp.
#include "core/engine/kernels.hpp"

#include "core/engine/kernel_rows.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

namespace lathe::engine {

namespace {

using List = std::vector<std::int64_t>;

// A parameter of a module, or a tensor argument of the function of the same name.
struct Source {
  std::optional<std::size_t> parameter, input;
  at::Tensor operator()(const KernelCall& call) const {
    if (parameter) return call.parameters[*parameter];
    if (input) return call.inputs[*input];
    return {};
  }
};

Source source(const Settings& settings, std::string_view name, std::size_t position) {
  Source out;
  out.parameter = settings.parameter(name);
  if (!out.parameter) out.input = settings.tensor(name, position);
  return out;
}

Source needed(const Settings& settings, std::string_view name, std::size_t position) {
  Source out = source(settings, name, position);
  if (!out.parameter && !out.input) settings.refuse(fmt::format("it has no '{}'", name));
  return out;
}

Kernel linear(const Settings& settings) {
  const Source weight = needed(settings, "weight", 1);
  const Source bias = source(settings, "bias", 2);
  return [=](const KernelCall& call) {
    const at::Tensor b = bias(call);
    const at::Tensor& x = call.inputs[0];
    if (b.defined() && x.dim() == 2) return at::addmm(b, x, weight(call).t());
    return at::linear(x, weight(call), b);
  };
}

// Channels last: oneDNN then works on activations as they lie, where it would otherwise copy them
// into a layout of its own and back for every layer. The layout stays from layer to layer; what
// needs another (views, number formats) makes its own copy.
at::Tensor channels_last(const at::Tensor& x) {
  return x.is_cpu() && x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
}

template <std::size_t kDims>
Kernel convolution(const Settings& settings) {
  const Source weight = needed(settings, "weight", 1);
  const Source bias = source(settings, "bias", 2);
  const Value* mode = settings.find("padding_mode", 99);
  if (mode != nullptr && mode->as_string() != "zeros") {
    settings.refuse(fmt::format("padding_mode '{}' is not supported; 'zeros' is", mode->text()));
  }
  const List stride = settings.integers("stride", 3, kDims, List(kDims, 1));
  const List dilation = settings.integers("dilation", 5, kDims, List(kDims, 1));
  const std::int64_t groups = settings.integer("groups", 6, 1);
  const Value* padding = settings.find("padding", 4);
  if (padding != nullptr && padding->is_string()) {
    return [=, mode = padding->as_string()](const KernelCall& call) {
      const at::Tensor b = bias(call);
      if constexpr (kDims == 1) {
        return at::conv1d(call.inputs[0], weight(call), b, stride, mode, dilation, groups);
      } else {
        return at::conv2d(channels_last(call.inputs[0]), weight(call), b, stride, mode, dilation,
                          groups);
      }
    };
  }
  const List pad = settings.integers("padding", 4, kDims, List(kDims, 0));
  return [=](const KernelCall& call) {
    const at::Tensor b = bias(call);
    if constexpr (kDims == 1) {
      return at::conv1d(call.inputs[0], weight(call), b, stride, pad, dilation, groups);
    } else {
      return at::conv2d(channels_last(call.inputs[0]), weight(call), b, stride, pad, dilation,
                        groups);
    }
  };
}

Kernel batch_norm(const Settings& settings) {
  const auto weight = settings.parameter("weight");
  const auto bias = settings.parameter("bias");
  const auto mean = settings.parameter("running_mean");
  const auto variance = settings.parameter("running_var");
  const auto tracked = settings.parameter("num_batches_tracked");
  const double eps = settings.number("eps", 99, 1e-5);
  // PyTorch: momentum None means the plain average over all batches so far.
  const Value* given = settings.node().attributes.find("momentum");
  const bool cumulative = given != nullptr && given->is_none();
  const double momentum = settings.number("momentum", 99, 0.1);
  if (cumulative && !tracked) settings.refuse("momentum NA needs the buffer num_batches_tracked");
  return [=](const KernelCall& call) {
    auto get = [&](const std::optional<std::size_t>& i) {
      return i ? call.parameters[*i] : at::Tensor();
    };
    const at::Tensor& x = call.inputs[0];
    if (call.training && x.numel() == x.size(1)) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      "batch normalisation cannot be trained on a batch with one value per "
                      "channel; choose a batch size that leaves no batch of one row");
    }
    double factor = momentum;
    if (call.training && tracked) {
      auto* count = call.parameters[*tracked].data_ptr<std::int64_t>();
      *count += 1;
      if (cumulative) factor = 1.0 / static_cast<double>(*count);
    }
    const bool batch_statistics = call.training || !mean;
    return at::batch_norm(x, get(weight), get(bias), get(mean), get(variance), batch_statistics,
                          factor, eps, false);
  };
}

Kernel layer_norm(const Settings& settings) {
  const Source weight = source(settings, "weight", 2);
  const Source bias = source(settings, "bias", 3);
  const Value* shape = settings.find("normalized_shape", 1);
  if (shape == nullptr) settings.refuse("it has no 'normalized_shape'");
  const std::size_t rank = shape->is_list() ? shape->as_list().size() : 1;
  const List dims = settings.integers("normalized_shape", 1, rank, {});
  const double eps = settings.number("eps", 4, 1e-5);
  return [=](const KernelCall& call) {
    return at::layer_norm(call.inputs[0], dims, weight(call), bias(call), eps);
  };
}

// Keeps each element with probability 1-p, scaled by 1/(1-p); the identity in evaluation.
Kernel dropout(const Settings& settings) {
  const double p = settings.number("p", 1, 0.5);
  if (!(p >= 0.0 && p <= 1.0)) settings.refuse(fmt::format("p is {}; it must be in 0..1", p));
  // Dropout2d drops whole channels.
  const bool channels = settings.node().op != "dropout";
  // A function may say training=False.
  const bool off = p == 0.0 || !settings.flag("training", 2, true);
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
Kernel unary(const Settings&) {
  return [](const KernelCall& call) { return kFunction(call.inputs[0]); };
}

Kernel hardtanh(const Settings& settings) {
  const double low = settings.number("min_val", 1, -1.0);
  const double high = settings.number("max_val", 2, 1.0);
  return [=](const KernelCall& call) { return at::hardtanh(call.inputs[0], low, high); };
}

Kernel leaky_relu(const Settings& settings) {
  const double slope = settings.number("negative_slope", 1, 0.01);
  return [=](const KernelCall& call) { return at::leaky_relu(call.inputs[0], slope); };
}

Kernel gelu(const Settings& settings) {
  const Value* approximate = settings.find("approximate", 1);
  return [text = approximate == nullptr ? std::string("none") : approximate->as_string()](
             const KernelCall& call) { return at::gelu(call.inputs[0], text); };
}

// add, sub, mul: either side may be a number.
template <typename Function>
Kernel binary(const Settings& settings, Function function) {
  const Settings::Operand a = settings.operand("input", 0);
  const Settings::Operand b = settings.operand("other", 1);
  if (!a.tensor && !b.tensor) settings.refuse("both of its arguments are numbers");
  const double alpha = settings.number("alpha", 99, 1.0);
  return [=](const KernelCall& call) {
    auto side = [&](const Settings::Operand& operand, const at::Tensor& like) {
      return operand.tensor ? call.inputs[*operand.tensor]
                            : at::scalar_tensor(operand.number, like.options());
    };
    const at::Tensor& like = call.inputs[0];
    return function(side(a, like), side(b, like), alpha);
  };
}

Kernel add(const Settings& settings) {
  return binary(settings, [](const at::Tensor& a, const at::Tensor& b, double alpha) {
    return at::add(a, b, alpha);
  });
}
Kernel sub(const Settings& settings) {
  return binary(settings, [](const at::Tensor& a, const at::Tensor& b, double alpha) {
    return at::sub(a, b, alpha);
  });
}
Kernel mul(const Settings& settings) {
  return binary(settings,
                [](const at::Tensor& a, const at::Tensor& b, double) { return at::mul(a, b); });
}

template <at::Tensor (*kFunction)(const at::Tensor&, const at::Tensor&)>
Kernel product(const Settings& settings) {
  const auto a = settings.tensor("input", 0);
  auto b = settings.tensor("other", 1);
  if (!b) b = settings.tensor("mat2", 1);
  if (!a || !b) settings.refuse("it needs two tensors");
  return [=](const KernelCall& call) { return kFunction(call.inputs[*a], call.inputs[*b]); };
}

Kernel embedding(const Settings& settings) {
  const Source weight = needed(settings, "weight", 1);
  return [=](const KernelCall& call) { return at::embedding(weight(call), call.inputs[0]); };
}

constexpr KernelRow kRows[] = {
    {"linear", linear},
    {"conv1d", convolution<1>},
    {"conv2d", convolution<2>},
    {"batch_norm1d", batch_norm},
    {"batch_norm2d", batch_norm},
    {"layer_norm", layer_norm},
    {"dropout", dropout},
    {"dropout2d", dropout},
    {"relu", unary<at::relu>},
    {"relu6", unary<at::relu6>},
    {"hardswish", unary<at::hardswish>},
    {"hardsigmoid", unary<at::hardsigmoid>},
    {"sigmoid", unary<at::sigmoid>},
    {"tanh", unary<at::tanh>},
    {"hardtanh", hardtanh},
    {"leaky_relu", leaky_relu},
    {"gelu", gelu},
    {"add", add},
    {"sub", sub},
    {"mul", mul},
    {"embedding", embedding},
    {"matmul", product<at::matmul>},
    {"bmm", product<at::bmm>},
};

const std::unordered_map<std::string_view, KernelMaker>& table() {
  static const auto rows = [] {
    std::unordered_map<std::string_view, KernelMaker> out;
    for (const KernelRow& row : kRows) out.emplace(row.op, row.make);
    for (const KernelRow& row : shape_rows()) out.emplace(row.op, row.make);
    for (const KernelRow& row : index_rows()) out.emplace(row.op, row.make);
    return out;
  }();
  return rows;
}

}  // namespace

Kernel make_kernel(const Settings& settings) {
  auto row = table().find(settings.node().op);
  if (row == table().end()) settings.refuse("the engine has no kernel for this op");
  if (settings.tensor_inputs().empty()) settings.refuse("it reads no tensor");
  return row->second(settings);
}

bool can_execute(std::string_view op) {
  return op == "placeholder" || op == "output" || op == "size" || op == "constant" ||
         op == "get_attr" || table().contains(op);
}

}  // namespace lathe::engine
