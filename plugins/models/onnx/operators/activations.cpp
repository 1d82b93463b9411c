// Operators that change each number by itself.
#include "../network.hpp"

#include <cmath>

namespace onnx_reader {

namespace {

void relu(Network& net, const Node& node) { net.elementwise(node, "relu"); }
void sigmoid(Network& net, const Node& node) { net.elementwise(node, "sigmoid"); }
void tanh(Network& net, const Node& node) { net.elementwise(node, "tanh"); }
void softplus(Network& net, const Node& node) { net.elementwise(node, "softplus"); }
void softsign(Network& net, const Node& node) { net.elementwise(node, "softsign"); }
void hard_swish(Network& net, const Node& node) { net.elementwise(node, "hardswish"); }

bool is_close(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::fabs(b); }

void selu(Network& net, const Node& node) {
  // PyTorch's, of Klambauer et al., 2017.
  constexpr double kAlpha = 1.6732632423543772, kGamma = 1.0507009873554805;
  if (!is_close(node.real("alpha", kAlpha), kAlpha) ||
      !is_close(node.real("gamma", kGamma), kGamma)) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its 'alpha' and 'gamma' are not those of SELU");
  }
  net.elementwise(node, "selu");
}

void leaky_relu(Network& net, const Node& node) {
  net.elementwise(node, "leaky_relu", {{"negative_slope", node.real("alpha", 0.01)}});
}

void hard_sigmoid(Network& net, const Node& node) {
  // PyTorch's is x / 6 + 1 / 2, between 0 and 1.
  if (!is_close(node.real("alpha", 0.2), 1.0 / 6) || node.real("beta", 0.5) != 0.5) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its slope is not PyTorch's 1/6 ('alpha')");
  }
  net.elementwise(node, "hardsigmoid");
}

void elu(Network& net, const Node& node) {
  net.elementwise(node, "elu", {{"alpha", node.real("alpha", 1)}});
}

void gelu(Network& net, const Node& node) {
  net.elementwise(node, "gelu", {{"approximate", node.word("approximate", "none")}});
}

// The bound at input `i`, or the attribute before opset 11.
double bound(const Network& net, const Node& node, std::size_t i, const char* attribute,
             double otherwise) {
  if (!node.has_input(i)) return node.real(attribute, otherwise);
  const Value& value = net.input(node, i);
  if (value.constant == nullptr || value.constant->count() != 1) {
    throw lathe::invalid_argument("its bounds are no numbers of the file");
  }
  return value.constant->number();
}

void clip(Network& net, const Node& node) {
  const double low = bound(net, node, 1, "min", -HUGE_VAL);
  const double high = bound(net, node, 2, "max", HUGE_VAL);
  if (low == 0 && high == 6) return net.elementwise(node, "relu6");
  if (low == 0 && high == HUGE_VAL) return net.elementwise(node, "relu");
  if (low > high) throw lathe::invalid_argument("its lower bound lies above the other");
  if (std::isfinite(low) && std::isfinite(high) && low < high) {
    return net.elementwise(node, "hardtanh", {{"min_val", low}, {"max_val", high}});
  }
  std::vector<lathe::value::entry> bounds;
  if (std::isfinite(low)) bounds.push_back({"min", low});
  if (std::isfinite(high)) bounds.push_back({"max", high});
  if (bounds.empty()) throw lathe::error(LATHE_UNIMPLEMENTED, "it has no bound");
  net.function_of_one(node, "clamp", std::move(bounds));
}

// Softmax or its logarithm.
void along_axis(Network& net, const Node& node, const char* op) {
  Value x = net.tensor_input(node, 0);
  const bool flattens = net.graph().opset < 13;
  const std::size_t axis = axis_of(node.integer("axis", flattens ? 1 : -1), x.rank());
  // Before opset 13 all dimensions from the axis on are one.
  for (std::size_t d = axis + 1; flattens && d < x.rank(); ++d) {
    if (x.extents[d] != Extent{}) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it takes several dimensions together");
    }
  }
  const auto dim = static_cast<std::int64_t>(x.order.empty() ? axis : x.order[axis]);
  net.elementwise(node, op, {{"dim", dim}});
}
void softmax(Network& net, const Node& node) { along_axis(net, node, "softmax"); }
void log_softmax(Network& net, const Node& node) { along_axis(net, node, "log_softmax"); }

}  // namespace

void add_activations(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  const auto first = Takes::first, none = Takes::nothing;
  rows.insert(rows.end(), {
                              {onnx, "Relu", 1, 1, first, {}, relu},
                              {onnx, "Sigmoid", 1, 1, none, {}, sigmoid},
                              {onnx, "Tanh", 1, 1, first, {}, tanh},
                              {onnx, "Softplus", 1, 1, first, {}, softplus},
                              {onnx, "Softsign", 1, 1, first, {}, softsign},
                              {onnx, "HardSwish", 1, 1, none, {}, hard_swish},
                              {onnx, "Selu", 1, 1, first, {"alpha", "gamma"}, selu},
                              {onnx, "LeakyRelu", 1, 1, none, {"alpha"}, leaky_relu},
                              {onnx, "HardSigmoid", 1, 1, none, {"alpha", "beta"}, hard_sigmoid},
                              {onnx, "Gelu", 1, 1, first, {"approximate"}, gelu},
                              {onnx, "Clip", 1, 3, none, {"min", "max"}, clip},
                              {onnx, "Elu", 1, 1, first, {"alpha"}, elu},
                              {onnx, "Softmax", 1, 1, none, {"axis"}, softmax},
                              {onnx, "LogSoftmax", 1, 1, none, {"axis"}, log_softmax},
                          });
}

}  // namespace onnx_reader
