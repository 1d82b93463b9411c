// What operators of ONNX become: layers, shapes with an open batch, names, number formats.
#include "networks.hpp"
#include "written.hpp"

using namespace lathe_test;

namespace {

Graph network_of(const onnx::ModelProto& model, std::int64_t batch = 1) {
  const TemporaryFolder folder;
  const Graph graph = network(written(model, folder.path() / "net.onnx"), batch);
  for (const auto& named : graph.parameters()) named.parameter->content->tensor();
  return graph;
}

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const NodeId id : graph.order()) ops.push_back(graph.node(id).op);
  return ops;
}

void add_integers(onnx::GraphProto& graph, const std::string& name,
                  const std::vector<std::int64_t>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t x : values) tensor.add_int64_data(x);
}

void add_number(onnx::GraphProto& graph, const std::string& name, float value) {
  add_weight(graph, name, {}, {value});
}

void add_bytes(onnx::GraphProto& graph, const std::string& name,
               const std::vector<std::int64_t>& dims, const std::vector<int>& values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT8);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  for (const int x : values) tensor.add_int32_data(x);
}

void set_perm(onnx::NodeProto& node, const std::vector<std::int64_t>& order) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name("perm");
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t d : order) attribute.add_ints(d);
}

Value options_of(const Graph& graph, const std::string& node, const std::string& role) {
  const OperandFormat* format = graph.node(graph.find(node)).format(role);
  BOOST_TEST_REQUIRE(format != nullptr, node << " has no format on its " << role);
  return format->options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_baked_batch_is_opened) {
  // [2, 6] of a batch of 2 is reshaped to [4, 3] and back.
  onnx::ModelProto model = model_of({6});
  set_extent(model, 0, 2);
  onnx::GraphProto& graph = *model.mutable_graph();
  add_integers(graph, "there", {4, 3});
  add_integers(graph, "back", {2, 6});
  add_node(graph, "Reshape", {"x", "there"}, "wide");
  add_node(graph, "Relu", {"wide"}, "r");
  add_node(graph, "Reshape", {"r", "back"}, "y");
  const Graph opened = network_of(model, 5);
  BOOST_TEST(opened.node(opened.order().back()).result.shape == Shape({5, 6}));
}

BOOST_AUTO_TEST_CASE(transposes_that_undo_each_other_vanish) {
  onnx::ModelProto model = model_of({4, 5, 3});
  onnx::GraphProto& graph = *model.mutable_graph();
  set_perm(add_node(graph, "Transpose", {"x"}, "first"), {0, 3, 1, 2});
  add_node(graph, "Relu", {"first"}, "r");
  set_perm(add_node(graph, "Transpose", {"r"}, "y"), {0, 2, 3, 1});
  const std::vector<std::string> expected = {"placeholder", "relu", "output"};
  BOOST_TEST(ops_of(network_of(model)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(modules_are_named_by_the_scopes_of_torch) {
  onnx::ModelProto model = model_of({2});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_weight(graph, "onnx::MatMul_7", {2, 2}, {1, 2, 3, 4});
  add_weight(graph, "layers.0.mlp.0.bias", {2}, {1, 2});
  add_node(graph, "MatMul", {"x", "onnx::MatMul_7"}, "p").set_name("/layers.0/mlp/mlp.0/MatMul");
  add_node(graph, "Add", {"p", "layers.0.mlp.0.bias"}, "s").set_name("/layers.0/mlp/mlp.0/Add");
  add_node(graph, "Relu", {"s"}, "a").set_name("/layers.0/act/Relu");
  add_node(graph, "Relu", {"a"}, "b").set_name("/layers.0/act_1/Relu");
  add_node(graph, "Add", {"b", "x"}, "c").set_name("/layers.0/Add");
  add_node(graph, "Relu", {"c"}, "y").set_name("/layers.0/Relu");
  const Graph named = network_of(model);
  const auto target_of = [&](const std::string& node) {
    return named.find(node) == NodeId::none ? "(none)" : named.node(named.find(node)).target;
  };
  BOOST_TEST(target_of("layers_0_mlp_0") == "layers.0.mlp.0");
  BOOST_TEST(target_of("layers_0_act") == "layers.0.act");
  BOOST_TEST(target_of("layers_0_act_1") == "layers.0.act");
  BOOST_TEST((named.node(named.find("relu")).opcode == lathe::Opcode::call_function));
  BOOST_TEST(named.node(named.find("layers_0_mlp_0")).parameter("bias")->qualified_name ==
             "layers.0.mlp.0.bias");
  // The product's weight lies [in, out], a linear layer's [out, in].
  const auto weight = named.node(named.find("layers_0_mlp_0")).parameter("weight");
  BOOST_TEST(values_of(weight->content->tensor()) == (std::vector<float>{1, 3, 2, 4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pairs_of_quantizers_become_number_formats) {
  onnx::ModelProto model = model_of({2});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_number(graph, "sx", 0.1F);
  add_bytes(graph, "zx", {}, {3});
  add_weight(graph, "sw", {3}, {0.5F, 0.25F, 0.75F});
  add_bytes(graph, "zw", {3}, {0, 0, 0});
  add_bytes(graph, "w", {3, 2}, {1, -2, 3, -4, 5, -6});
  add_node(graph, "QuantizeLinear", {"x", "sx", "zx"}, "q");
  add_node(graph, "DequantizeLinear", {"q", "sx", "zx"}, "d");
  set_integer(add_node(graph, "DequantizeLinear", {"w", "sw", "zw"}, "wf"), "axis", 0);
  onnx::NodeProto& gemm = add_node(graph, "Gemm", {"d", "wf"}, "y");
  gemm.set_name("fc");
  set_integer(gemm, "transB", 1);
  const Graph quantized = network_of(model);
  const std::vector<std::string> expected = {"placeholder", "linear", "output"};
  BOOST_TEST(ops_of(quantized) == expected, boost::test_tools::per_element());
  const Value of_input = options_of(quantized, "fc", "data_in");
  BOOST_TEST(of_input.find("width")->as_int() == 8);
  BOOST_TEST(of_input.find("zero_point")->as_list().at(0).as_int() == 3);
  BOOST_TEST(options_of(quantized, "fc", "weight").find("axis")->as_int() == 0);
  // 0.26 / 0.1 + 3 = 5.6, so 6 - 3 = 3 steps of 0.1; 20 is beyond the largest code, 124 steps.
  const Tensor result = computed(quantized, floats(Shape{1, 2}, {0.26F, 20.0F}));
  const double a = 0.3, b = 12.4;
  const std::vector<double> wanted = {0.5 * a - 1.0 * b, 0.75 * a - 1.0 * b, 3.75 * a - 4.5 * b};
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(std::abs(static_cast<double>(values_of(result)[i]) - wanted[i]) < 1e-4);
  }
}

BOOST_AUTO_TEST_CASE(a_quantizer_that_no_layer_takes_has_a_node_of_its_own) {
  onnx::ModelProto model = model_of({2});
  onnx::GraphProto& graph = *model.mutable_graph();
  add_number(graph, "s", 0.5F);
  add_number(graph, "z", 0.0F);
  add_number(graph, "bits", 3.0F);
  add_node(graph, "Quant", {"x", "s", "z", "bits"}, "q").set_domain("qonnx.custom_op.general");
  add_node(graph, "Sigmoid", {"q"}, "y");
  const Graph quantized = network_of(model);
  const std::vector<std::string> expected = {"placeholder", "identity", "sigmoid", "output"};
  BOOST_TEST(ops_of(quantized) == expected, boost::test_tools::per_element());
  BOOST_TEST(options_of(quantized, "quantizer", "data_out").find("frac_width")->as_int() == 1);
  const Tensor result = computed(quantized, floats(Shape{1, 2}, {0.26F, -9.0F}));
  BOOST_TEST(std::abs(values_of(result)[0] - 1 / (1 + std::exp(-0.5F))) < 1e-6F);
  BOOST_TEST(std::abs(values_of(result)[1] - 1 / (1 + std::exp(2.0F))) < 1e-6F);
}
