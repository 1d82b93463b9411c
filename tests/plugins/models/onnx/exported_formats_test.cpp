// Number formats as QONNX's and ONNX's quantizers: what stands in the file, what computes the same,
// and what has no such form.
#include "exported.hpp"

#include "tests/engine/own_networks.hpp"

using namespace lathe_test;

namespace {

constexpr std::int64_t kBatch = 2;

Graph dense() { return Workbench(kBatch).model("mlp", {{"hidden", {8}}}, samples_of({16}, 5)); }

json integer(int width, int fraction) {
  return {{"name", "integer"}, {"width", width}, {"frac_width", fraction}};
}

// One format on inputs and weights.
json everywhere(const json& format) {
  return quantized_as({{"data_in", format}, {"weight", format}, {"bias", format}});
}

// As `quantize` writes it, with ReLUs quantized, too.
Graph quantized_resnet20() {
  const json format = {{"name", "integer"},   {"data_in_width", 8},     {"data_in_frac_width", 4},
                       {"weight_width", 6},   {"weight_frac_width", 5}, {"bias_width", 12},
                       {"bias_frac_width", 8}};
  const json rectifier = {{"name", "integer"}, {"data_in_width", 4}, {"data_in_frac_width", 2}};
  return with_formats(Workbench(kBatch).model("resnet20"), {{"by", "type"},
                                                            {"default", {{"name", nullptr}}},
                                                            {"conv2d", format},
                                                            {"linear", format},
                                                            {"relu", rectifier}});
}

void check_bit_for_bit(const Graph& graph) {
  const TemporaryFolder folder;
  const auto file = exported(graph, folder.path(), {{"quantization", "qonnx"}});
  BOOST_TEST(outputs_of(network(file, kBatch)) == outputs_of(graph),
             boost::test_tools::per_element());
}

std::string refusal(const Graph& graph, const std::string& form) {
  const TemporaryFolder folder;
  try {
    exported(graph, folder.path(), {{"quantization", form}});
  } catch (const lathe::Error& error) {
    BOOST_TEST(!std::filesystem::exists(folder.path() / "write_onnx" / "model.onnx"));
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

BOOST_AUTO_TEST_CASE(networks_come_back_from_qonnx_bit_for_bit) {
  check_bit_for_bit(quantized_resnet20());
  check_bit_for_bit(with_formats(dense(), everywhere(integer(6, 3))));
}

// Products of 8 bits are exact, in attention as one node and written out.
BOOST_AUTO_TEST_CASE(attention_nets_come_back_from_qonnx_bit_for_bit) {
  const json format = {{"name", "integer"},   {"data_in_width", 8},     {"data_in_frac_width", 5},
                       {"weight_width", 8},   {"weight_frac_width", 7}, {"bias_width", 8},
                       {"bias_frac_width", 6}};
  json options = {{"by", "type"}, {"default", {{"name", nullptr}}}};
  for (const char* op : {"multi_head_attention", "linear", "addmm", "matmul"}) options[op] = format;
  for (const char* net : {"encoder", "gpt"}) {
    BOOST_TEST_CONTEXT(net) {
      const TemporaryFolder folder;
      const Graph graph = with_formats(saved_network(net), options);
      const Graph back = network(exported(graph, folder.path(), {{"quantization", "qonnx"}}), 5);
      const Tensor input = network_input(graph, network_folder(net) / "input_batch5.npy");
      BOOST_TEST(
          values_of(computed(back, input)) == values_of(computed(graph.with_batch(5), input)),
          boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(each_format_that_is_integers_times_a_scale_comes_back_bit_for_bit) {
  const std::vector<json> formats = {
      integer(8, 4),
      integer(12, 9),
      {{"name", "integer"}, {"width", 5}, {"frac_width", 2}, {"is_signed", false}},
      {{"name", "integer_floor"}, {"width", 7}, {"frac_width", 4}},
      {{"name", "affine"}, {"width", 8}, {"scale", {0.05}}},
      {{"name", "affine"}, {"width", 6}, {"scale", {0.1}}, {"zero_point", {3}}, {"narrow", true}},
      {{"name", "affine"}, {"width", 8}, {"scale", {0.03}}, {"rounding", "ceil"}},
  };
  for (const json& format : formats) {
    BOOST_TEST_CONTEXT(format.dump()) {
      check_bit_for_bit(with_formats(dense(), everywhere(format)));
    }
  }
}

BOOST_AUTO_TEST_CASE(formats_that_choose_a_scale_from_the_weights_are_written_with_it) {
  const std::vector<json> formats = {
      {{"name", "binary"}, {"scale", "none"}},
      {{"name", "ternary"}},
      {{"name", "ternary"}, {"granularity", "channel"}},
      {{"name", "affine"}, {"width", 4}, {"axis", 0}},
      {{"name", "lsq"}, {"width", 4}, {"step", 0.125}},
  };
  for (const json& format : formats) {
    BOOST_TEST_CONTEXT(format.dump()) {
      check_bit_for_bit(with_formats(dense(), quantized_as({{"weight", format}})));
    }
  }
}

BOOST_AUTO_TEST_CASE(qonnx_is_what_finn_and_hls4ml_take) {
  const TemporaryFolder folder;
  const json without_sign = {
      {"name", "integer"}, {"width", 3}, {"frac_width", 1}, {"is_signed", false}};
  const Graph graph = with_formats(
      Workbench(kBatch).model("jsc-toy"),
      {{"by", "type"},
       {"default", {{"name", nullptr}}},
       {"linear", {{"data_in", integer(4, 2)}, {"weight", integer(4, 2)}, {"bias", integer(4, 2)}}},
       {"relu", {{"data_in", without_sign}}}});
  const auto model = parsed(exported(graph, folder.path(), {{"quantization", "qonnx"}}));
  BOOST_TEST(shape_of(model.graph().input(0)) == "[1,16]");
  BOOST_REQUIRE(model.opset_import_size() == 2);
  BOOST_TEST(model.opset_import(1).domain() == "qonnx.custom_op.general");
  const std::vector<std::string> ops = operators_of(model);
  BOOST_TEST(std::ranges::count(ops, "Gemm") == 0);
  BOOST_TEST(std::ranges::count(ops, "MatMul") == 3);
  BOOST_TEST(std::ranges::count(ops, "Add") == 3);
  std::map<std::string, const onnx::NodeProto*> makers;
  for (const onnx::NodeProto& node : model.graph().node()) makers[node.output(0)] = &node;
  std::size_t behind_relu = 0;
  for (const onnx::NodeProto& node : model.graph().node()) {
    if (node.op_type() != "Quant") continue;
    BOOST_TEST(node.domain() == "qonnx.custom_op.general");
    const bool is_signed = node.attribute(0).i() != 0;
    const auto maker = makers.find(node.input(0));
    if (maker == makers.end() || maker->second->op_type() != "Relu" || is_signed) continue;
    ++behind_relu;
  }
  BOOST_TEST(behind_relu == 4U);
  for (const onnx::ValueInfoProto& value : model.graph().value_info()) {
    const bool of_weight = value.name().find('.') != std::string::npos;
    BOOST_TEST((of_weight || shape_of(value).starts_with("[1,")), value.name());
  }
}

BOOST_AUTO_TEST_CASE(qdq_has_integers_for_weights_and_pairs_for_activations) {
  const TemporaryFolder folder;
  const Graph graph = with_formats(dense(), quantized_as({{"data_in", integer(8, 4)},
                                                          {"weight", integer(8, 6)},
                                                          {"bias", integer(16, 8)}}));
  const auto model = parsed(exported(graph, folder.path(), {{"quantization", "qdq"}}));
  const std::vector<std::string> ops = operators_of(model);
  BOOST_TEST(std::ranges::count(ops, "QuantizeLinear") == 2);
  BOOST_TEST(std::ranges::count(ops, "DequantizeLinear") == 4);
  BOOST_TEST(std::ranges::count(ops, "Clip") == 0);
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.name() == "layers.0.weight_codes") {
      BOOST_TEST(tensor.data_type() == onnx::TensorProto::INT8);
    }
    if (tensor.name() == "layers.0.bias") {
      BOOST_TEST(tensor.data_type() == onnx::TensorProto::FLOAT);
    }
  }
  BOOST_TEST(shape_of(model.graph().input(0)) == "[batch,16]");
}

BOOST_AUTO_TEST_CASE(qdq_comes_back_with_the_same_outputs) {
  const TemporaryFolder folder;
  const Graph graph = with_formats(dense(), everywhere(integer(8, 4)));
  const auto file = exported(graph, folder.path(), {{"quantization", "qdq"}});
  BOOST_TEST(difference(outputs_of(network(file, kBatch)), outputs_of(graph)) < 1e-6);
}

BOOST_AUTO_TEST_CASE(what_onnx_cannot_say_is_refused_with_every_node_and_format) {
  const json minifloat = {{"name", "minifloat_denorm"}, {"width", 8}, {"exponent_width", 4}};
  const std::string all = refusal(with_formats(dense(), everywhere(minifloat)), "qonnx");
  for (const char* part :
       {"'layers_0'", "'layers_2'", "'minifloat_denorm'", "data_in_0", "weight", "bias"}) {
    BOOST_TEST(all.find(part) != std::string::npos, all);
  }
  const json open = {{"name", "affine"}, {"width", 8}};
  const std::string scale =
      refusal(with_formats(dense(), quantized_as({{"data_in", open}})), "qonnx");
  BOOST_TEST(scale.find("calibration") != std::string::npos, scale);
  const std::string wide =
      refusal(with_formats(dense(), quantized_as({{"data_in", integer(12, 4)}})), "qdq");
  BOOST_TEST(wide.find("8 bits, not 12") != std::string::npos, wide);
  const json down = {{"name", "integer_floor"}, {"width", 8}, {"frac_width", 4}};
  const std::string floor =
      refusal(with_formats(dense(), quantized_as({{"data_in", down}})), "qdq");
  BOOST_TEST(floor.find("rounds") != std::string::npos, floor);
}

BOOST_AUTO_TEST_CASE(without_quantization_the_file_is_float) {
  const TemporaryFolder folder;
  const Graph graph = dense();
  const auto file = exported(with_formats(graph, everywhere(integer(4, 2))), folder.path());
  BOOST_TEST(difference(outputs_of(network(file, kBatch)), outputs_of(graph)) < 1e-6);
}
