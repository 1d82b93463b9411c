// The built-in networks for images against torch.fx's trace of the originals
// (golden/image_models.json): nodes, parameters, text. And what they do with other images.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

#include "core/graph/ops/op_table.hpp"

#include <map>

namespace {

using namespace lathe_test;

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

const json& originals() {
  static const json models = golden_json("image_models.json").at("models");
  return models;
}

lathe::Graph built(const std::string& model, std::vector<std::int64_t> sample = {},
                   std::int64_t classes = 0) {
  return Workbench(2).model(model, json::object(), samples_of(std::move(sample), classes));
}

std::string refusal_of(const std::string& model, std::vector<std::int64_t> sample) {
  try {
    built(model, std::move(sample), 10);
  } catch (const lathe::Error& error) {
    return error.message();
  }
  return "it was not refused";
}

// Of the last node: what the output reads.
std::string logits_of(const lathe::Graph& graph) {
  return graph.node(graph.output()).result.shape.text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image_models)

BOOST_AUTO_TEST_CASE(they_print_as_torch_fx_prints_the_originals) {
  for (const auto& [model, original] : originals().items()) {
    BOOST_TEST_CONTEXT(model) {
      BOOST_TEST(lathe::fx_text(built(model), "#users") ==
                 original.at("graph_str").get<std::string>());
    }
  }
}

BOOST_AUTO_TEST_CASE(their_parameters_have_the_names_and_shapes_of_the_originals) {
  for (const auto& [model, original] : originals().items()) {
    Shapes found;
    const lathe::Graph graph = built(model);
    for (const auto& named : graph.parameters())
      found[named.parameter->qualified_name] = named.parameter->shape.dims();
    BOOST_TEST((found == original.at("state").get<Shapes>()), model);
    BOOST_TEST(graph.parameter_count() == original.at("num_parameters").get<std::int64_t>());
  }
}

BOOST_AUTO_TEST_CASE(published_numbers_of_parameters) {
  const std::map<std::string, std::int64_t> published{
      {"resnet18", 11'689'512},    {"resnet50", 25'557'032}, {"vgg16", 138'357'544},
      {"mobilenet_v2", 3'504'872}, {"vgg7", 14'029'450},
  };
  for (const auto& [model, count] : published)
    BOOST_TEST(built(model).parameter_count() == count, model);
}

// Depthwise convolutions among them, which an estimator blind to groups counts far too high.
BOOST_AUTO_TEST_CASE(published_numbers_of_multiply_accumulates) {
  // Weighted layers only, at 224 x 224: fvcore's and torchvision's figures.
  const std::map<std::string, double> published{{"resnet18", 1'814'073'344},
                                                {"resnet50", 4'089'184'256},
                                                {"vgg16", 15'470'264'320},
                                                {"mobilenet_v2", 300'774'272}};
  for (const auto& [model, expected] : published) {
    const lathe::Graph graph = Workbench(1).model(model);
    double products = 0;
    for (const lathe::NodeId id : graph.order()) {
      const std::string& op = graph.node(id).op;
      if (op == "conv2d" || op == "linear") products += lathe::cost_of(graph, id)->computations;
    }
    BOOST_TEST(products == expected, model << ": " << std::to_string(products));
  }
}

BOOST_AUTO_TEST_CASE(they_fit_the_data_set_they_are_given) {
  for (const char* model : {"vgg7", "vgg16", "resnet20", "resnet56", "resnet18", "resnet50",
                            "mobilenet_v2", "mnist-cnn"}) {
    BOOST_TEST(logits_of(built(model, {1, 48, 40}, 7)) == "[2, 7]", model);
  }
  // Odd sizes: 28 -> 14 -> 7 -> 3 by pools, 28 -> 14 -> 7 by strides.
  BOOST_TEST(logits_of(built("vgg7", {1, 28, 28}, 10)) == "[2, 10]");
  BOOST_TEST(logits_of(built("resnet20", {1, 29, 27}, 10)) == "[2, 10]");
  const lathe::Graph mnist = built("vgg7", {1, 28, 28}, 10);
  BOOST_TEST(mnist.attributes(mnist.find("classifier_0")).find("in_features")->as_int() ==
             512 * 3 * 3);
}

BOOST_AUTO_TEST_CASE(vectors_do_not_fit_them) {
  for (const auto& [model, original] : originals().items()) {
    BOOST_TEST(refusal_of(model, {16}).find("takes images") != std::string::npos, model);
    BOOST_TEST(refusal_of(model, {8, 8}).find("takes images") != std::string::npos, model);
  }
}

BOOST_AUTO_TEST_CASE(images_that_are_too_small_are_refused_with_the_least_size) {
  BOOST_TEST(refusal_of("vgg7", {3, 7, 32}).find("8 x 8") != std::string::npos);
  BOOST_TEST(refusal_of("vgg16", {3, 28, 28}).find("32 x 32") != std::string::npos);
  BOOST_TEST(refusal_of("mnist-cnn", {1, 6, 28}).find("7 x 7") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dense_models)

BOOST_AUTO_TEST_CASE(mlp_takes_samples_of_any_shape) {
  Workbench bench(4);
  const json options{{"hidden", {64, 32}}};
  const lathe::Graph vectors = bench.model("mlp", options, samples_of({16}, 5));
  BOOST_TEST(vectors.parameter_count() == 16 * 64 + 64 + 64 * 32 + 32 + 32 * 5 + 5);
  BOOST_TEST(vectors.node(vectors.order()[1]).op == "linear");
  const lathe::Graph images = bench.model("mlp", options, samples_of({1, 28, 28}, 10));
  BOOST_TEST(images.parameter_count() == 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10);
  BOOST_TEST(images.node(images.order()[1]).op == "flatten");
  BOOST_TEST(logits_of(images) == "[4, 10]");
}

BOOST_AUTO_TEST_CASE(mlp_has_the_layers_it_is_asked_for) {
  const lathe::Graph graph = Workbench().model(
      "mlp", {{"hidden", {8, 4}}, {"activation", "tanh"}, {"batch_norm", true}, {"dropout", 0.25}},
      samples_of({16}, 5));
  std::vector<std::string> ops;
  for (const lathe::NodeId id : graph.order()) ops.push_back(graph.node(id).op);
  const std::vector<std::string> expected{"placeholder", "linear", "batch_norm1d", "tanh",
                                          "dropout",     "linear", "batch_norm1d", "tanh",
                                          "dropout",     "linear", "output"};
  BOOST_TEST(ops == expected, boost::test_tools::per_element());
  BOOST_TEST(graph.node(graph.order()[9]).target == "layers.8");
}

BOOST_AUTO_TEST_CASE(mlp_without_hidden_layers_is_one_linear_layer) {
  const lathe::Graph graph =
      Workbench().model("mlp", {{"hidden", json::array()}}, samples_of({16}, 5));
  BOOST_TEST(graph.parameter_count() == 16 * 5 + 5);
}

BOOST_AUTO_TEST_CASE(mlp_needs_a_data_set_and_says_so) {
  BOOST_CHECK_EXCEPTION(Workbench().model("mlp"), lathe::Error, [](const lathe::Error& e) {
    return e.message().find("data set") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(jets_3layer_is_named_as_the_sequential_it_was_saved_from) {
  const lathe::Graph graph = Workbench().model("jets-3layer");
  Shapes found;
  for (const auto& named : graph.parameters())
    found[named.parameter->qualified_name] = named.parameter->shape.dims();
  const Shapes expected{{"0.weight", {64, 16}}, {"0.bias", {64}},       {"2.weight", {32, 64}},
                        {"2.bias", {32}},       {"4.weight", {32, 32}}, {"4.bias", {32}},
                        {"6.weight", {5, 32}},  {"6.bias", {5}}};
  BOOST_TEST((found == expected));
}

BOOST_AUTO_TEST_SUITE_END()
