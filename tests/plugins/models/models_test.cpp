// The built-in networks against MASE's: nodes, targets, parameters, text.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace {

using namespace lathe_test;

struct Case {
  const char* model;
  std::vector<std::int64_t> sample;
  std::int64_t classes;
};

std::vector<Case> mase_models() {
  return {{"jsc-tiny", {16}, 5},    {"jsc-toy", {16}, 5},       {"jsc-s", {16}, 5},
          {"toy", {1, 2, 2}, 2},    {"toy_tiny", {1, 2, 2}, 2}, {"toy_convnet", {3, 32, 32}, 10},
          {"vgg7", {3, 32, 32}, 10}};
}

json golden_model(const std::string& id) {
  return golden_json("metadata.json").at("models").at(id);
}

lathe::Graph built(const Case& c) {
  Workbench bench(golden_model(c.model).at("input_shape")[0].get<std::int64_t>());
  return bench.model(c.model, json::object(), samples_of(c.sample, c.classes));
}

std::int64_t parameters_of(const std::string& model, const json& options) {
  return Workbench().model(model, options, samples_of({16}, 5)).parameter_count();
}

}  // namespace

BOOST_AUTO_TEST_CASE(models_have_the_nodes_of_mase_in_their_order) {
  int checked = 0;
  for (const Case& c : mase_models()) {
    const lathe::Graph graph = built(c);
    const json nodes = golden_model(c.model).at("nodes");
    BOOST_TEST_REQUIRE(graph.order().size() == nodes.size(), c.model);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const lathe::Node& node = graph.node(graph.order()[i]);
      BOOST_TEST(node.name == nodes[i].at("name").get<std::string>());
      BOOST_TEST(name(node.opcode) == nodes[i].at("op").get<std::string>());
      BOOST_TEST(node.target == nodes[i].at("target").get<std::string>());
      BOOST_TEST(node.op ==
                 nodes[i].at("parameters").at("common").at("mase_op").get<std::string>());
      ++checked;
    }
  }
  BOOST_TEST_MESSAGE("metadata.json: " << checked << " nodes of " << mase_models().size()
                                       << " models");
}

BOOST_AUTO_TEST_CASE(models_have_the_parameters_of_mase) {
  for (const Case& c : mase_models()) {
    const json golden = golden_model(c.model);
    std::map<std::string, std::vector<std::int64_t>> parameters, buffers;
    const lathe::Graph graph = built(c);
    for (const auto& named : graph.parameters()) {
      auto& into = named.parameter->is_buffer ? buffers : parameters;
      into[named.parameter->qualified_name] = named.parameter->shape.dims();
    }
    auto expected = golden.at("parameters").get<std::map<std::string, std::vector<std::int64_t>>>();
    // MASE's toy_tiny carries a second layer that no node runs.
    if (std::string(c.model) == "toy_tiny") {
      expected.erase("l2.weight");
      expected.erase("l2.bias");
    }
    BOOST_TEST((parameters == expected), c.model);
    BOOST_TEST(
        (buffers == golden.at("buffers").get<std::map<std::string, std::vector<std::int64_t>>>()),
        c.model);
  }
}

BOOST_AUTO_TEST_CASE(models_print_as_torch_prints_them) {
  for (const Case& c : mase_models()) {
    BOOST_TEST(lathe::fx_text(built(c), "#users") ==
               golden_model(c.model).at("graph_str").get<std::string>());
  }
}

BOOST_AUTO_TEST_CASE(jsc_custom_builds_the_nets_of_students) {
  BOOST_TEST(parameters_of("jsc-custom", {{"hidden", {32, 16, 8}}, {"batch_norm", "all"}}) == 1407);
  BOOST_TEST(parameters_of("jsc-custom", {{"hidden", {64, 128, 8, 8}}, {"batch_norm", "all"}}) ==
             11015);
  BOOST_TEST(parameters_of("jsc-custom", {{"hidden", {16, 16}}, {"batch_norm", "input"}}) == 661);
}

BOOST_AUTO_TEST_CASE(jsc_custom_numbers_its_layers_as_the_students_nets_do) {
  // jsc-d of seed 004: BN16, ReLU, L16-16, ReLU, L16-16, ReLU, L16-5, ReLU.
  const lathe::Graph graph = Workbench().model(
      "jsc-custom", {{"hidden", {16, 16}}, {"batch_norm", "input"}}, samples_of({16}, 5));
  const std::vector<std::string> ops = {"placeholder", "batch_norm1d", "relu", "linear",
                                        "relu",        "linear",       "relu", "linear",
                                        "relu",        "output"};
  BOOST_TEST_REQUIRE(graph.order().size() == ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const lathe::Node& node = graph.node(graph.order()[i]);
    BOOST_TEST(node.op == ops[i]);
    if (i > 0 && i + 1 < ops.size())
      BOOST_TEST(node.target == "seq_blocks." + std::to_string(i - 1));
  }
}

BOOST_AUTO_TEST_CASE(students_nets_go_by_the_names_in_their_files) {
  const std::pair<const char*, json> cases[] = {
      {"jsc-d", {{"hidden", {16, 16}}, {"batch_norm", "input"}}},
      {"test-hhy", {{"hidden", {32, 16, 8}}, {"batch_norm", "all"}}}};
  for (const auto& [model, options] : cases) {
    BOOST_TEST(lathe::fx_text(Workbench().model(model)) ==
               lathe::fx_text(Workbench().model("jsc-custom", options)));
  }
  BOOST_TEST(parameters_of("jsc-d", json::object()) == 661);
  BOOST_TEST(parameters_of("test-hhy", json::object()) == 1407);
}

BOOST_AUTO_TEST_CASE(jsc_custom_without_batch_norm_has_none) {
  // 16*8+8 and 8*5+5.
  BOOST_TEST(parameters_of("jsc-custom", {{"hidden", {8}}, {"batch_norm", "none"}}) == 181);
}

BOOST_AUTO_TEST_CASE(jsc_custom_takes_other_activations) {
  for (const char* activation : {"relu", "relu6", "hardtanh", "hardswish", "hardsigmoid"}) {
    const lathe::Graph graph =
        Workbench().model("jsc-custom", {{"activation", activation}}, samples_of({16}, 5));
    BOOST_TEST(graph.node(graph.order()[2]).op == activation);
  }
}

BOOST_AUTO_TEST_CASE(jet_networks_fit_the_data_set_they_are_given) {
  const lathe::Graph graph = Workbench().model("jsc-tiny", json::object(), samples_of({20}, 3));
  BOOST_TEST(graph.parameter_count() == 2 * 20 + 20 * 3 + 3);
}

BOOST_AUTO_TEST_CASE(jet_networks_have_the_sizes_of_jets_where_there_is_no_data_set) {
  BOOST_TEST(Workbench().model("jsc-s").parameter_count() == 5615);
}

BOOST_AUTO_TEST_CASE(a_data_set_that_hides_its_classes_is_an_error) {
  BOOST_CHECK_EXCEPTION(Workbench().model("jsc-s", json::object(), samples_of({16}, 0)),
                        lathe::Error, [](const lathe::Error& e) {
                          return e.message().find("how many classes") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(images_do_not_fit_a_jet_network) {
  BOOST_CHECK_EXCEPTION(
      Workbench().model("jsc-tiny", json::object(), samples_of({3, 32, 32}, 10)), lathe::Error,
      [](const lathe::Error& e) { return e.message().find("takes vectors") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(vectors_do_not_fit_a_convolution_network) {
  BOOST_CHECK_EXCEPTION(
      Workbench().model("toy_convnet", json::object(), samples_of({16}, 5)), lathe::Error,
      [](const lathe::Error& e) { return e.message().find("images") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_hidden_layer_has_at_least_one_unit) {
  BOOST_CHECK_THROW(parameters_of("jsc-custom", {{"hidden", {16, 0}}}), lathe::Error);
}
