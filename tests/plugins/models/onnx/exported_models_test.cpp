// The built-in models as ONNX and back: what is counted of them, their names and their outputs.
#include "exported.hpp"

#include "tests/plugins/models/transformers/folders.hpp"

using namespace lathe_test;

namespace {

constexpr std::int64_t kBatch = 2;

// All but those that read files, vgg16, whose weights take 550 MB, and those whose attention is
// written out.
std::vector<std::string> models() {
  const std::set<std::string> without = {"onnx", "llama", "vgg16", "vit", "transformer-encoder"};
  std::vector<std::string> ids;
  for (const std::string& id : built_plugins().ids(lathe::Kind::model)) {
    if (!without.contains(id) && id.find('.') == std::string::npos) ids.push_back(id);
  }
  return ids;
}

Graph built(const std::string& id) {
  Workbench bench(kBatch);
  const bool any_samples = id == "mlp" || id.starts_with("jsc-custom");
  return bench.model(id, json::object(), any_samples ? samples_of({16}, 5) : lathe::DatasetInfo{});
}

std::map<std::string, std::string> counts(const Graph& graph) {
  std::map<std::string, std::string> out;
  for (const char* pass : {"flops", "bitops"}) {
    Graph counted = graph;
    for (const auto& [name, value] : Workbench(kBatch).run(pass, counted).scalars) {
      out[std::string(pass) + "." + name] = to_json(value).dump();
    }
  }
  return out;
}

// A dropout has buffers of its own, and is not exported.
bool drops(const Graph& graph) {
  return std::ranges::any_of(graph.order(),
                             [&](NodeId id) { return graph.node(id).op == "dropout"; });
}

// Names of what computes; dropout is not exported, and sizes are no nodes of ONNX.
std::set<std::string> names(const Graph& graph) {
  const std::set<std::string> without = {"dropout", "size", "output", "contiguous"};
  std::set<std::string> out;
  for (const NodeId id : graph.order()) {
    const lathe::Node& node = graph.node(id);
    if (!without.contains(node.op)) out.insert(node.name);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_built_in_model_comes_back_with_its_counts_and_its_names) {
  for (const std::string& id : models()) {
    BOOST_TEST_CONTEXT(id) {
      const TemporaryFolder folder;
      const Graph graph = built(id);
      const Graph back = network(exported(graph, folder.path()), kBatch);
      const std::map<std::string, std::string> found = counts(back);
      for (const auto& [name, count] : counts(graph)) {
        const bool of_dropout = drops(graph) && name.ends_with("buffer_size");
        if (!of_dropout) BOOST_TEST(found.at(name) == count, name);
      }
      BOOST_TEST(names(back) == names(graph), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(built_in_models_compute_the_same_from_their_files) {
  for (const char* id :
       {"resnet20", "mobilenet_v2", "jsc-toy", "jsc-s", "mnist-cnn", "toy", "toy_convnet", "mlp"}) {
    BOOST_TEST_CONTEXT(id) {
      const TemporaryFolder folder;
      const Graph graph = built(id);
      for (const std::int64_t opset : {13, 17}) {
        const auto file = exported(graph, folder.path(), {{"opset", opset}});
        BOOST_TEST(difference(outputs_of(network(file, kBatch)), outputs_of(graph)) < 1e-5);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(transformers_compute_the_same_from_their_files) {
  const LlamaFolder folder;
  const json texts{{"vocab_size", 11}, {"length", 16}, {"width", 8}, {"heads", 2}, {"classes", 3}};
  json padded = texts;
  padded.update({{"padding", 0}, {"pooling", "max"}, {"norm_first", true}});
  const json image{{"image", 8}, {"patch", 4}, {"width", 8}, {"depth", 2}, {"heads", 2}};
  const std::tuple<const char*, const char*, json> cases[] = {
      {"llama", "a llama", {{"config", folder.path().string()}, {"weights", "fresh"}}},
      {"transformer-encoder", "an encoder", texts},
      {"transformer-encoder", "one with padding", padded},
      {"vit", "a vit", image}};
  for (const auto& [id, what, options] : cases) {
    for (const std::int64_t opset : {15, 17}) {
      BOOST_TEST_CONTEXT(what << ", opset " << opset) {
        const TemporaryFolder written;
        const Graph graph = Workbench(kBatch).model(id, options);
        std::vector<std::int64_t> ids;
        for (std::int64_t i = 0; i < kBatch * 16; ++i) ids.push_back(i * i % 11);
        const Tensor input =
            std::string(id) == "vit" ? ruled_input({kBatch, 3, 8, 8}, "sin") : tokens(ids, kBatch);
        const auto file = exported(graph, written.path(), {{"opset", opset}});
        const Graph back = network(file, kBatch);
        BOOST_TEST(difference(values_of(computed(back, input)), values_of(computed(graph, input))) <
                   1e-4);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_of_any_opset_says_so_and_names_weights_as_pytorch_does) {
  const TemporaryFolder folder;
  const Graph graph = built("resnet20");
  for (const std::int64_t opset : {13, 14, 15, 16, 17}) {
    const auto model = parsed(exported(graph, folder.path(), {{"opset", opset}}));
    BOOST_TEST(model.opset_import(0).version() == opset);
    BOOST_TEST(model.ir_version() == (opset < 15 ? 7 : 8));
    const std::set<std::string> weights = initialisers_of(model);
    for (const lathe::Graph::Named& named : graph.parameters()) {
      const std::string& name = named.parameter->qualified_name;
      const bool counts_batches = name.ends_with("num_batches_tracked");
      BOOST_TEST(weights.contains(name) != counts_batches, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_batch_is_open_and_every_value_has_its_shape) {
  const TemporaryFolder folder;
  const auto model = parsed(exported(built("toy_convnet"), folder.path()));
  BOOST_TEST(shape_of(model.graph().input(0)) == "[batch,3,32,32]");
  BOOST_TEST(shape_of(model.graph().output(0)) == "[batch,10]");
  BOOST_TEST(model.graph().value_info_size() + 1 == model.graph().node_size());
  for (const onnx::ValueInfoProto& value : model.graph().value_info()) {
    BOOST_TEST(shape_of(value).starts_with("[batch"), value.name());
  }
}

BOOST_AUTO_TEST_CASE(external_data_lies_beside_the_file_and_is_aligned) {
  const TemporaryFolder folder;
  const Graph graph = built("vgg7");
  const auto file = exported(graph, folder.path(), {{"file", "net.onnx"}, {"external_data", true}});
  BOOST_TEST(std::filesystem::file_size(file) < 65536U);
  std::size_t outside = 0;
  const onnx::ModelProto model = parsed(file);
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
    ++outside;
    BOOST_TEST(tensor.external_data(0).value() == "net.onnx.data");
    BOOST_TEST(std::stoll(tensor.external_data(1).value()) % 4096 == 0);
  }
  BOOST_TEST(outside > 10U);
  BOOST_TEST(difference(outputs_of(network(file, kBatch)), outputs_of(graph)) < 1e-5);
}

BOOST_AUTO_TEST_CASE(activations_come_back_as_they_were) {
  for (const char* activation :
       {"relu", "relu6", "leaky_relu", "hardtanh", "hardswish", "hardsigmoid", "tanh", "sigmoid",
        "gelu", "silu", "selu", "softplus", "softsign"}) {
    BOOST_TEST_CONTEXT(activation) {
      const TemporaryFolder folder;
      const Graph graph =
          Workbench(kBatch).model("mlp", {{"activation", activation}}, samples_of({16}, 5));
      for (const std::int64_t opset : {13, 17}) {
        const auto file = exported(graph, folder.path(), {{"opset", opset}});
        BOOST_TEST(difference(outputs_of(network(file, kBatch)), outputs_of(graph)) < 1e-5);
      }
    }
  }
}
