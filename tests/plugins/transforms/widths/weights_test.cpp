// What becomes of weights when widths change.
#include "tests/plugins/transforms/widths/widening.hpp"

namespace {

using namespace lathe_test;

// conv1 -> bn1 -> relu -> conv2 -> flatten -> fc
Graph small_net() {
  Writer net;
  net.input({3, 4, 4});
  net.module("conv1", "conv2d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 1}});
  net.module("bn1", "batch_norm2d", {{"num_features", 4}});
  net.relu("relu1", false);
  net.module("conv2", "conv2d", {{"in_channels", 4}, {"out_channels", 6}, {"kernel_size", 1}});
  net.module("flat", "flatten");
  net.linear("fc", 6 * 16, 5);
  return trained(net.finish(2), 5);
}

std::vector<float> contents(const Graph& graph, const std::string& node, const std::string& name) {
  const auto values = graph.node(graph.find(node)).parameter(name)->content->tensor();
  return {values.values<float>().begin(), values.values<float>().end()};
}

bool is_trained(const Graph& graph, const std::string& node, const std::string& name) {
  return graph.node(graph.find(node)).parameter(name)->content->trained();
}

void check_same_contents(const Graph& a, const Graph& b) {
  const auto before = a.parameters(), after = b.parameters();
  BOOST_REQUIRE_EQUAL(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    BOOST_TEST((before[i].parameter->content == after[i].parameter->content),
               before[i].parameter->qualified_name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(weights_of_wide_nets)

BOOST_AUTO_TEST_CASE(a_factor_of_one_keeps_every_weight) {
  for (const char* weights : {"reset", "net2wider", "slice"}) {
    const Graph graph = small_net();
    Graph same = graph;
    const lathe::PassReport report = widen(
        same, {{"conv1", {{"name", "both"}, {"channel_multiplier", 1}}}, {"conv2", {{"width", 1}}}},
        weights);
    check_same_contents(graph, same);
    BOOST_TEST((same.hash(same.output()) == graph.hash(graph.output())));
    BOOST_TEST(cell(table(report, "widths"), "conv1", "weights").as_string() == "kept");
  }
}

BOOST_AUTO_TEST_CASE(reset_keeps_what_does_not_change_and_starts_the_rest_afresh) {
  Graph graph = small_net();
  const auto fc = contents(graph, "fc", "weight");
  widen(graph, {{"conv1", {{"width", 2}}}});
  BOOST_TEST(!is_trained(graph, "conv1", "weight"));
  BOOST_TEST(!is_trained(graph, "conv1", "bias"));
  BOOST_TEST(!is_trained(graph, "bn1", "running_mean"));
  BOOST_TEST(!is_trained(graph, "conv2", "weight"));
  // As many as before, so they stay.
  BOOST_TEST(is_trained(graph, "conv2", "bias"));
  BOOST_TEST(contents(graph, "fc", "weight") == fc);
  BOOST_TEST(contents(graph, "bn1", "running_var") == std::vector<float>(8, 1.0F));
}

BOOST_AUTO_TEST_CASE(net2wider_copies_channels_and_shares_out_what_reads_them) {
  const Graph graph = small_net();
  Graph wide = graph;
  widen(wide, {{"conv1", {{"width", 2}}}}, "net2wider", 3);
  const auto old_bias = contents(graph, "conv1", "bias"), bias = contents(wide, "conv1", "bias");
  const auto old_read = contents(graph, "conv2", "weight"),
             read = contents(wide, "conv2", "weight");
  BOOST_REQUIRE_EQUAL(bias.size(), 8U);
  // The first ones are themselves; each new one is a copy of an old one.
  std::vector<int> source, copies(4);
  for (std::size_t i = 0; i < 8; ++i) {
    const auto at = std::find(old_bias.begin(), old_bias.end(), bias[i]) - old_bias.begin();
    BOOST_REQUIRE(at < 4);
    if (i < 4) BOOST_TEST(at == static_cast<int>(i));
    source.push_back(static_cast<int>(at));
    ++copies[static_cast<std::size_t>(at)];
  }
  for (std::size_t o = 0; o < 6; ++o) {
    for (std::size_t i = 0; i < 8; ++i) {
      const auto from = static_cast<std::size_t>(source[i]);
      BOOST_TEST(read[o * 8 + i] == old_read[o * 4 + from] / static_cast<float>(copies[from]));
    }
  }
  BOOST_TEST(is_trained(wide, "bn1", "running_var"));
  BOOST_TEST(difference(computed(graph), computed(wide)) <= 1e-5);
}

BOOST_AUTO_TEST_CASE(the_seed_chooses_the_copies) {
  const Graph graph = small_net();
  const auto widened = [&](std::uint64_t seed) {
    Graph wide = graph;
    widen(wide, {{"conv1", {{"width", 4}}}}, "net2wider", seed);
    return contents(wide, "conv1", "bias");
  };
  BOOST_TEST(widened(1) == widened(1));
  BOOST_TEST(widened(1) != widened(2));
}

BOOST_AUTO_TEST_CASE(slice_keeps_the_channels_of_largest_norm_in_their_order) {
  Writer net;
  net.input({1});
  net.linear("fc1", 1, 4);
  net.linear("fc2", 4, 2);
  Graph graph = net.finish(1).with_parameters(
      {{"fc1.weight", floats(Shape{4, 1}, {0.5F, -3.0F, 0.1F, 2.0F})},
       {"fc1.bias", floats(Shape{4}, {9, 1, 2, 3})},
       {"fc2.weight", floats(Shape{2, 4}, {10, 11, 12, 13, 20, 21, 22, 23})}});
  widen(graph, {{"fc1", {{"width", 0.5}}}}, "slice");
  BOOST_TEST(contents(graph, "fc1", "weight") == (std::vector<float>{-3, 2}));
  BOOST_TEST(contents(graph, "fc1", "bias") == (std::vector<float>{1, 3}));
  BOOST_TEST(contents(graph, "fc2", "weight") == (std::vector<float>{11, 13, 21, 23}));
}

BOOST_AUTO_TEST_CASE(a_channel_whose_norm_is_nan_is_the_weakest) {
  Writer net;
  net.input({1});
  net.linear("fc1", 1, 4);
  net.linear("fc2", 4, 2);
  Graph graph = net.finish(1).with_parameters(
      {{"fc1.weight", floats(Shape{4, 1}, {std::nanf(""), 0.25F, std::nanf(""), 2.0F})},
       {"fc1.bias", floats(Shape{4}, {9, 1, 2, 3})}});
  widen(graph, {{"fc1", {{"width", 0.5}}}}, "slice");
  BOOST_TEST(contents(graph, "fc1", "weight") == (std::vector<float>{0.25F, 2}));
  BOOST_TEST(contents(graph, "fc1", "bias") == (std::vector<float>{1, 3}));
}

BOOST_AUTO_TEST_CASE(tied_layers_are_sliced_by_their_norms_together) {
  Writer net;
  const NodeId x = net.input({1});
  const NodeId a = net.linear("a", 1, 3);
  const NodeId b = net.linear("b", 1, 3);
  net.edit().set_args(b, {{x}});
  net.function("add", {{a}, {b}});
  net.linear("out", 3, 2);
  Graph graph = net.finish(1).with_parameters(
      {{"a.weight", floats(Shape{3, 1}, {5, 0, 3})}, {"b.weight", floats(Shape{3, 1}, {0, 6, 4})}});
  widen(graph, {{"b", {{"width", 0.34}}}}, "slice");
  BOOST_TEST(contents(graph, "a", "weight") == std::vector<float>{3});
  BOOST_TEST(contents(graph, "b", "weight") == std::vector<float>{4});
}

BOOST_AUTO_TEST_CASE(a_module_that_is_called_twice_stays_one) {
  Writer net;
  net.input({4});
  net.linear("twice", 4, 4);
  net.relu("relu", false);
  const NodeId second = net.linear("twice", 4, 4);
  net.linear("out", 4, 2);
  Graph graph = trained(net.finish(2), 8);
  // Its input is the data's at the first call, so its output is, too.
  check_refused(graph, {{"twice", {{"width", 2}}}}, "reset", {"'twice'", "the graph's input 'x'"});
  BOOST_TEST(graph.node(second).name == "twice_1");

  Writer free;
  free.input({6});
  free.linear("first", 6, 4);
  free.linear("twice", 4, 4);
  free.relu("relu", false);
  free.linear("twice", 4, 4);
  free.linear("out", 4, 2);
  const Graph before = trained(free.finish(2), 9);
  Graph wide = before;
  widen(wide, {{"first", {{"width", 2}}}}, "net2wider");
  BOOST_TEST(size_of(wide, "twice", "out_features") == 8);
  BOOST_TEST(size_of(wide, "twice_1", "in_features") == 8);
  BOOST_TEST(difference(computed(before), computed(wide)) <= 1e-5);
}

BOOST_AUTO_TEST_CASE(formats_stay_on_the_layers_that_change) {
  Graph graph = small_net();
  Workbench().run(
      "quantize", graph,
      {{"by", "type"},
       {"conv2d",
        {{"name", "integer"}, {"data_in_width", 8}, {"weight_width", 4}, {"bias_width", 8}}}});
  widen(graph, {{"conv1", {{"width", 3}}}});
  BOOST_TEST(graph.node(graph.find("conv1")).format("weight")->format == "integer");
  BOOST_TEST(size_of(graph, "conv1", "out_channels") == 12);
}

BOOST_AUTO_TEST_SUITE_END()
