// golden/channel_multiplier.json: the widths that students meant. The original multiplies a
// constant 16 (128 in VGG7) instead of a layer's own size and feeds two `both` layers in a row the
// wrong width (docs/mase.md, Widths); here every width follows from its own size and what feeds
// it.
#include "tests/plugins/transforms/widths/widening.hpp"

#include <ctime>

namespace {

using namespace lathe_test;

const json& golden_file() {
  static const json file = golden_json("channel_multiplier.json");
  return file;
}

// jsc-d and its kind: batch norm, relu, then linear layers with a relu after each.
Graph jets_of(const json& layers) {
  std::vector<int> sizes{0, -1};
  for (const json& layer : layers) {
    sizes.push_back(layer.at(2).get<int>());
    sizes.push_back(-1);
  }
  return jet_net("seq_blocks", sizes, 8);
}

void check_dims(const Graph& graph, const json& dims) {
  for (const json& row : dims) {
    const std::string node = row.at(0);
    const bool dense = graph.node(graph.find(node)).op == "linear";
    BOOST_TEST(size_of(graph, node, dense ? "in_features" : "in_channels") == row.at(1).get<int>());
    BOOST_TEST(size_of(graph, node, dense ? "out_features" : "out_channels") ==
               row.at(2).get<int>());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_widths)

BOOST_AUTO_TEST_CASE(dense_nets_have_the_widths_that_students_meant) {
  int checked = 0;
  for (const json& row : golden_file().at("cases")) {
    if (!row.contains("layers")) continue;
    json layers;
    for (const auto& [node, given] : row.at("config").items()) {
      layers[node] = {{"name", given.at("name")}};
      if (given.contains("m")) layers[node]["channel_multiplier"] = given.at("m");
    }
    for (const char* weights : {"reset", "net2wider"}) {
      BOOST_TEST_CONTEXT(layers.dump() << " " << weights) {
        Graph graph = jets_of(row.at("layers"));
        widen(graph, layers, weights);
        check_dims(graph, row.at("correct_dims"));
        BOOST_TEST(graph.parameter_count() ==
                   row.at("param_count_correct_incl_bn16").get<std::int64_t>());
        lathe::verify(graph);
      }
    }
    ++checked;
  }
  BOOST_TEST(checked == 7);
}

BOOST_AUTO_TEST_CASE(vgg7_has_the_widths_that_students_meant) {
  int checked = 0;
  for (const json& row : golden_file().at("cases")) {
    if (!row.contains("model")) continue;
    const json& multipliers = row.at("multipliers");
    json layers = json::object();
    for (const auto& [node, m] : multipliers.items()) {
      layers[node] = {{"name", checked == 0 ? "output_only" : "both"}, {"channel_multiplier", m}};
    }
    layers["feature_layers_17"] = {{"name", "input_only"}};
    Graph graph = Workbench(1).model("vgg7", json::object(), samples_of({3, 32, 32}, 10));
    const lathe::PassReport report = widen(graph, layers);
    check_dims(graph, row.at("correct_dims"));
    BOOST_TEST(graph.parameter_count() == row.at("correct_param_count").get<std::int64_t>());
    // The classifier reads the last convolution's channels times 4 x 4 places.
    BOOST_TEST(size_of(graph, "classifier_0", "in_features") == 512 * 16);
    BOOST_TEST(cell(table(report, "widths"), "feature_layers_17", "new_in").as_int() ==
               row.at("correct_dims").back().at(1).get<std::int64_t>());
    ++checked;
  }
  BOOST_TEST(checked == 2);
}

BOOST_AUTO_TEST_CASE(the_classifier_follows_the_last_convolution) {
  Graph graph = Workbench(1).model("vgg7", json::object(), samples_of({3, 32, 32}, 10));
  widen(graph, {{"feature_layers_17", {{"width", 0.5}}}});
  BOOST_TEST(size_of(graph, "feature_layers_18", "num_features") == 256);
  BOOST_TEST(size_of(graph, "classifier_0", "in_features") == 256 * 16);
}

BOOST_AUTO_TEST_CASE(counting_a_wide_net_makes_no_weights) {
  Graph graph = Workbench(1).model("vgg7", json::object(), samples_of({3, 32, 32}, 10));
  const std::clock_t began = std::clock();  // CPU time: tests run beside others
  widen(graph, {{"feature_layers_14", {{"width", 8}}}, {"feature_layers_10", {{"width", 8}}}});
  Workbench(1).run("flops", graph);
  // 33 million weights would take far longer to draw.
  BOOST_TEST(static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC < 0.1);
}

BOOST_AUTO_TEST_SUITE_END()
