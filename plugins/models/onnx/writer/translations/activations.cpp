// Functions of one number each, and softmax.
#include "../translations.hpp"
#include "window.hpp"

#include <cmath>

namespace onnx_writer {

namespace {

template <const char* kOperator>
void direct(Layer& layer) {
  layer.result(kOperator, {layer.input(0)});
}
constexpr char kSigmoid[] = "Sigmoid", kTanh[] = "Tanh", kSoftsign[] = "Softsign", kSelu[] = "Selu";

// Codes without a sign are those of the result: FINN and hls4ml want the quantizer behind it.
void relu(Layer& layer) {
  const std::optional<Quantizer> q = layer.quantizer_of_input(0);
  if (!q) return layer.result("Relu", {layer.plain_input(0)});
  const bool of_result = !q->is_signed && !q->is_bipolar && !q->has_zero_point();
  if (!of_result) return layer.result("Relu", {layer.input(0)});
  layer.result("Relu", {layer.plain_input(0)}, {}, q);
}

void elu(Layer& layer) {
  layer.result("Elu", {layer.input(0)}, {{"alpha", layer.real("alpha", 1)}});
}

void clip(Layer& layer, float low, float high) {
  const std::string x = layer.input(0);
  layer.result("Clip", {x, layer.number("min", low), layer.number("max", high)});
}
void relu6(Layer& layer) { clip(layer, 0, 6); }
void hardtanh(Layer& layer) { clip(layer, layer.real("min_val", -1), layer.real("max_val", 1)); }

void leaky_relu(Layer& layer) {
  layer.result("LeakyRelu", {layer.input(0)}, {{"alpha", layer.real("negative_slope", 0.01)}});
}

// PyTorch's is x / 6 + 1 / 2, between 0 and 1.
const Attributes& sixth() {
  static const Attributes slope{{"alpha", 1.0F / 6}, {"beta", 0.5F}};
  return slope;
}
void hardsigmoid(Layer& layer) { layer.result("HardSigmoid", {layer.input(0)}, sixth()); }
void hardswish(Layer& layer) {
  constexpr std::int64_t kOpset = 14;  // has it
  const std::string x = layer.input(0);
  if (layer.opset() >= kOpset) return layer.result("HardSwish", {x});
  layer.result("Mul", {x, layer.make("HardSigmoid", {x}, sixth())});
}

void silu(Layer& layer) {
  const std::string x = layer.input(0);
  layer.result("Mul", {x, layer.make("Sigmoid", {x})});
}

void softplus(Layer& layer) {
  const float beta = layer.real("beta", 1);
  const std::string x = layer.input(0);
  if (beta == 1) return layer.result("Softplus", {x});
  const std::string scale = layer.number("beta", beta);
  layer.result("Div", {layer.make("Softplus", {layer.make("Mul", {x, scale})}), scale});
}

// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): PyTorch's approximation.
void gelu_by_tanh(Layer& layer) {
  const std::string x = layer.input(0);
  const std::string cube = layer.make("Pow", {x, layer.number("three", 3)});
  const std::string part = layer.make("Mul", {cube, layer.number("cubic", 0.044715F)});
  const std::string sum = layer.make("Add", {x, part});
  const auto scale = static_cast<float>(std::sqrt(2 / M_PI));
  const std::string scaled = layer.make("Mul", {sum, layer.number("scale", scale)});
  const std::string bent = layer.make("Tanh", {scaled});
  const std::string raised = layer.make("Add", {bent, layer.number("one", 1)});
  const std::string product = layer.make("Mul", {x, raised});
  layer.result("Mul", {product, layer.number("half", 0.5F)});
}

void gelu(Layer& layer) {
  const lathe::value_view approximation = layer.attribute("approximate");
  if (approximation && approximation.text() == "tanh") return gelu_by_tanh(layer);
  const std::string x = layer.input(0);
  const auto root = static_cast<float>(std::sqrt(2.0));
  const std::string scaled = layer.make("Div", {x, layer.number("root", root)});
  const std::string erf = layer.make("Erf", {scaled});
  const std::string raised = layer.make("Add", {erf, layer.number("one", 1)});
  const std::string product = layer.make("Mul", {x, raised});
  layer.result("Mul", {product, layer.number("half", 0.5F)});
}

template <const char* kOperator>
void along(Layer& layer) {
  layer.result(kOperator, {layer.input(0)}, {{"axis", layer.integer("dim")}});
}
constexpr char kSoftmax[] = "Softmax", kLogSoftmax[] = "LogSoftmax";

}  // namespace

void add_activations(std::vector<Translation>& rows) {
  const Naming scope = Naming::by_scope;
  rows.insert(rows.end(), {{"relu", relu, scope},
                           {"relu6", relu6, scope},
                           {"hardtanh", hardtanh, scope},
                           {"leaky_relu", leaky_relu, scope},
                           {"hardswish", hardswish, scope},
                           {"hardsigmoid", hardsigmoid, scope},
                           {"tanh", direct<kTanh>, scope},
                           {"sigmoid", direct<kSigmoid>, scope},
                           {"selu", direct<kSelu>, scope},
                           {"softsign", direct<kSoftsign>, scope},
                           {"silu", silu},
                           {"softplus", softplus, scope},
                           {"gelu", gelu, scope},
                           {"elu", elu, scope},
                           {"softmax", along<kSoftmax>, scope},
                           {"log_softmax", along<kLogSoftmax>, scope}});
}

}  // namespace onnx_writer
