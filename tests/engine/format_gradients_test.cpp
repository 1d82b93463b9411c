// Gradients of quantized layers, state of formats included, beside autograd's through the same
// graph in LibTorch operators: docs/quantization.md, Training through it.
#include "core/engine/tensors.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/format_choice.hpp"
#include "tests/engine/format_cases.hpp"
#include "tests/engine/gradients.hpp"
#include "tests/engine/torch_formats.hpp"

#include <memory_resource>
#include <random>

using namespace lathe_test;

namespace {

// One layer of four outputs or channels.
struct Layer {
  bool is_conv;
  Graph graph() const {
    Writer w(5);
    w.input(is_conv ? Value::List{3, 6, 5} : Value::List{12});
    w.module("layer", is_conv ? "conv2d" : "linear",
             is_conv ? Value::Map{{"in_channels", 3},
                                  {"out_channels", 4},
                                  {"kernel_size", 3},
                                  {"padding", 1}}
                     : Value::Map{{"in_features", 12}, {"out_features", 4}});
    return w.finish(5);
  }
  Shape input() const { return is_conv ? Shape{5, 3, 6, 5} : Shape{5, 12}; }
  Shape weight() const { return is_conv ? Shape{4, 3, 3, 3} : Shape{4, 12}; }
  Shape output() const { return is_conv ? Shape{5, 4, 6, 5} : Shape{5, 4}; }
  at::Tensor apply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const {
    if (is_conv) return at::conv2d(x, weight, bias, {1, 1}, {1, 1});
    return at::linear(x, weight, bias);
  }
};

Tensor normal(const Shape& shape, unsigned seed, float deviation) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, deviation);
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& x : values) x = noise(random);
  return floats(shape, values);
}

Graph with_formats(Graph graph, const FormatCase& c) {
  const Value options = c.given();
  std::pmr::monotonic_buffer_resource memory;
  const lathe_value given = lathe::to_abi(options, memory);
  lathe::Transaction edit(graph);
  const NodeId id = graph.find("layer");
  const lathe::Node& node = graph.node(id);
  for (const std::string& role : c.roles) {
    edit.set_format(id, lathe::operand_format(registry(), c.id, &given, role, node,
                                              *graph.ops().find(node.op)));
  }
  edit.commit();
  return graph;
}

// Numbers for what formats learn; buffers say that these were set.
std::map<std::string, Tensor> state_of(const Graph& graph) {
  std::map<std::string, Tensor> out;
  for (const auto& named : graph.parameters()) {
    const lathe::Parameter& parameter = *named.parameter;
    if (!parameter.is_state()) continue;
    std::vector<float> values(static_cast<std::size_t>(parameter.shape.numel()), 1.0F);
    for (std::size_t i = 0; i < values.size() && !parameter.is_buffer; ++i) {
      values[i] = std::ldexp(0.37F, -static_cast<int>(i));
    }
    out.emplace(parameter.qualified_name, floats(parameter.shape, values));
  }
  return out;
}

struct Leaf {
  at::Tensor tensor;
  explicit Leaf(const Tensor& contents)
      : tensor(lathe::engine::share(contents).clone().requires_grad_(true)) {}
};

void check(const Tensor& found, const at::Tensor& expected, const std::string& what) {
  const at::Tensor dense = expected.detach().contiguous();
  BOOST_REQUIRE_EQUAL(found.shape().numel(), dense.numel());
  const float* first = dense.data_ptr<float>();
  check_close(found.values<float>(), {first, first + dense.numel()}, 1e-5, 1e-6, what);
}

void check_layer(const FormatCase& c, const Layer& layer) {
  const Tensor x = normal(layer.input(), 1, 0.8F), dy = normal(layer.output(), 2, 0.5F);
  std::map<std::string, Tensor> contents{{"layer.weight", normal(layer.weight(), 3, 0.6F)},
                                         {"layer.bias", normal(Shape{4}, 4, 0.6F)}};
  Graph graph = with_formats(layer.graph(), c);
  const std::map<std::string, Tensor> state = state_of(graph);
  contents.insert(state.begin(), state.end());
  graph = graph.with_parameters(contents);
  const Gradients found = gradients(registry(), graph, {x}, dy);

  const Value options =
      lathe::check_options(registry().find(lathe::Kind::format, c.id).options, c.given());
  std::map<std::string, Leaf> learned;  // by name
  const auto quantized = [&](const std::string& role, const Leaf& leaf, std::int64_t channels) {
    if (std::find(c.roles.begin(), c.roles.end(), role) == c.roles.end()) return leaf.tensor;
    std::vector<at::Tensor> own;
    for (const auto& named : graph.parameters()) {
      const std::string& name = named.parameter->qualified_name;
      if (!named.parameter->is_state() || named.parameter->is_buffer) continue;
      if (name.find("." + role + "_quantizer.") == std::string::npos) continue;
      own.push_back(learned.emplace(name, Leaf(state.at(name))).first->second.tensor);
    }
    return differentiable_torch_format(c.id, options, leaf.tensor,
                                       {role == "data_in", false, channels}, own);
  };
  const Leaf input(x), weight(contents.at("layer.weight")), bias(contents.at("layer.bias"));
  const at::Tensor y = layer.apply(quantized("data_in", input, 1), quantized("weight", weight, 0),
                                   quantized("bias", bias, 0));
  y.backward(lathe::engine::share(dy));

  const std::string where = std::string(layer.is_conv ? "conv2d " : "linear ") + c.id;
  check(found.output, y, where + " y");
  check(found.inputs.at(0), input.tensor.grad(), where + " dx");
  check(found.parameters.at("layer.weight"), weight.tensor.grad(), where + " dW");
  check(found.parameters.at("layer.bias"), bias.tensor.grad(), where + " db");
  for (const auto& [name, leaf] : learned) {
    check(found.parameters.at(name), leaf.tensor.grad(), where + " d" + name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(format_gradients)

BOOST_AUTO_TEST_CASE(quantized_linears_have_the_gradients_of_autograd) {
  for (const FormatCase& c : kFormatCases) {
    BOOST_TEST_CONTEXT(c.name()) { check_layer(c, {false}); }
  }
}

BOOST_AUTO_TEST_CASE(quantized_conv2ds_have_the_gradients_of_autograd) {
  for (const FormatCase& c : kFormatCases) {
    BOOST_TEST_CONTEXT(c.name()) { check_layer(c, {true}); }
  }
}

BOOST_AUTO_TEST_CASE(no_built_in_format_is_left_out) {
  for (const std::string& id : registry().ids(lathe::Kind::format)) {
    BOOST_TEST(std::any_of(kFormatCases.begin(), kFormatCases.end(),
                           [&](const FormatCase& c) { return id == c.id; }),
               id);
  }
}

BOOST_AUTO_TEST_SUITE_END()
