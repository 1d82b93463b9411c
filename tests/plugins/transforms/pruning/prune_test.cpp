// The prune pass: scopes, channels, chance, nodes of their own, what it refuses.
#include "pruning.hpp"

#include "tests/plugins/transforms/calibrated.hpp"

using namespace lathe_test;

namespace {

// Two layers whose magnitudes are known: 1 to 8, and ten times that.
Graph two_layers() {
  Writer w;
  w.input({4});
  w.linear("a", 4, 2);
  w.linear("b", 2, 4);
  const Graph graph = with_plugin_ops(w.finish(2));
  return graph.with_parameters(
      {{"a.weight", floats(Shape{2, 4}, {1, -2, 3, -4, 5, -6, 7, -8})},
       {"a.bias", floats(Shape{2}, {1, 1})},
       {"b.weight", floats(Shape{4, 2}, {10, -20, 30, -40, 50, -60, 70, -80})}});
}

Graph convolutions() {
  Writer w(3);
  w.input({3, 6, 6});
  w.module("a", "conv2d", {{"in_channels", 3}, {"out_channels", 8}, {"kernel_size", 3}});
  w.module("b", "conv_transpose2d", {{"in_channels", 8}, {"out_channels", 6}, {"kernel_size", 3}});
  return trained(w.finish(2), 5);
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_layer_loses_its_part_or_all_lose_it_together) {
  Graph local = two_layers(), global = two_layers();
  run_pass("prune", local, {{"weight", {{"sparsity", 0.5}}}});
  const std::vector<float> half_a{0, 0, 0, 0, 5, -6, 7, -8}, half_b{0, 0, 0, 0, 50, -60, 70, -80};
  BOOST_TEST(contents_of(local, "a", "weight") == half_a, boost::test_tools::per_element());
  BOOST_TEST(contents_of(local, "b", "weight") == half_b, boost::test_tools::per_element());
  const lathe::PassReport report =
      run_pass("prune", global, {{"weight", {{"sparsity", 0.25}, {"scope", "global"}}}});
  const std::vector<float> quarter{0, 0, 0, 0, 5, -6, 7, -8},
      whole{10, -20, 30, -40, 50, -60, 70, -80};
  BOOST_TEST(contents_of(global, "a", "weight") == quarter, boost::test_tools::per_element());
  BOOST_TEST(contents_of(global, "b", "weight") == whole, boost::test_tools::per_element());
  BOOST_TEST(scalar(report, "weight_sparsity") == 0.25);
  BOOST_TEST(scalar(report, "pruned_parameters") == 4);
  BOOST_TEST(scalar(report, "parameters") == 16);
  BOOST_TEST(!has_parameter(global, "b", "weight_mask"));
}

BOOST_AUTO_TEST_CASE(of_equal_magnitudes_the_first_go) {
  Graph graph =
      two_layers().with_parameters({{"a.weight", floats(Shape{2, 4}, {2, -1, 1, 2, -1, 1, 1, 3})}});
  run_pass("prune", graph, {{"weight", {{"sparsity", {{"a", 0.375}}}}}});
  const std::vector<float> expected{2, 0, 0, 2, 0, 1, 1, 3};
  BOOST_TEST(contents_of(graph, "a", "weight") == expected, boost::test_tools::per_element());
}

// MASE's dict of sparsities by layer uses an undefined name [D].
BOOST_AUTO_TEST_CASE(layers_have_sparsities_of_their_own) {
  Graph by_table = two_layers(), by_map = two_layers();
  run_pass("prune", by_table, {{"weight", {{"sparsity", {{"a", 0.25}, {"b", 0.75}}}}}});
  run_pass(
      "prune", by_map,
      {{"by", "name"}, {"a", {{"weight_sparsity", 0.25}}}, {"b", {{"weight_sparsity", 0.75}}}});
  for (const char* node : {"a", "b"}) {
    BOOST_TEST(contents_of(by_table, node, "weight") == contents_of(by_map, node, "weight"),
               boost::test_tools::per_element());
  }
  BOOST_TEST(zeros_in(contents_of(by_table, "a", "weight")) == 2);
  BOOST_TEST(zeros_in(contents_of(by_table, "b", "weight")) == 6);
  // The map goes before the table.
  Graph both = two_layers();
  run_pass("prune", both,
           {{"weight", {{"sparsity", 0.5}}}, {"by", "name"}, {"b", {{"weight_sparsity", 0.0}}}});
  BOOST_TEST(zeros_in(contents_of(both, "a", "weight")) == 4);
  BOOST_TEST(zeros_in(contents_of(both, "b", "weight")) == 0);
}

BOOST_AUTO_TEST_CASE(once_nodes_are_named_the_table_holds_for_those) {
  Graph graph = two_layers();
  run_pass("prune", graph,
           {{"weight", {{"sparsity", 0.5}}}, {"by", "name"}, {"b", {{"name", "prune"}}}});
  BOOST_TEST(!has_parameter(graph, "a", "weight_mask"));
  BOOST_TEST(zeros_in(contents_of(graph, "b", "weight")) == 4);
}

BOOST_AUTO_TEST_CASE(a_channel_goes_with_its_bias) {
  Graph graph = convolutions();
  const std::vector<float> before = contents_of(graph, "a", "weight");
  run_pass("prune", graph, {{"weight", {{"sparsity", 0.5}, {"granularity", "channel"}}}});
  const std::vector<float> after = contents_of(graph, "a", "weight");
  const std::vector<float> bias = contents_of(graph, "a", "bias");
  std::vector<std::pair<double, int>> norms;
  for (int c = 0; c < 8; ++c) {
    double norm = 0;
    for (std::size_t i = 0; i < 27; ++i)
      norm += std::abs(static_cast<double>(before[static_cast<std::size_t>(c) * 27 + i]));
    norms.emplace_back(norm, c);
  }
  std::sort(norms.begin(), norms.end());
  for (std::size_t rank = 0; rank < 8; ++rank) {
    const auto channel = static_cast<std::size_t>(norms[rank].second);
    const std::vector<float> row(after.begin() + static_cast<std::ptrdiff_t>(channel * 27),
                                 after.begin() + static_cast<std::ptrdiff_t>(channel * 27 + 27));
    BOOST_TEST(zeros_in(row) == (rank < 4 ? 27 : 0));
    BOOST_TEST((bias[channel] == 0) == (rank < 4));
  }
  // Nothing comes out of a channel that is pruned.
  Graph first = graph;
  run_pass("extract_subgraph", first, {{"to", "a"}});
  const std::vector<float> y = computed(first);  // [2, 8, 4, 4]
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto channel = i / 16 % 8;
    BOOST_TEST((y[i] == 0) == (bias[channel] == 0));
  }
}

BOOST_AUTO_TEST_CASE(outputs_of_a_transposed_convolution_lie_along_the_second_dimension) {
  Graph graph = convolutions();
  run_pass("prune", graph, {{"weight", {{"granularity", "channel"}, {"sparsity", {{"b", 0.5}}}}}});
  const std::vector<float> mask = contents_of(graph, "b", "weight_mask");  // [8, 6, 3, 3]
  std::array<float, 6> first{};
  for (std::size_t c = 0; c < 6; ++c) first[c] = mask[c * 9];
  for (std::size_t i = 0; i < mask.size(); ++i) BOOST_TEST(mask[i] == first[i / 9 % 6]);
  BOOST_TEST(std::count(first.begin(), first.end(), 0.0F) == 3);
}

BOOST_AUTO_TEST_CASE(channels_of_all_layers_together_go_by_their_mean) {
  Graph graph = two_layers();  // channels of a: 2.5, 6.5; of b: 15, 35, 55, 75
  run_pass("prune", graph,
           {{"weight", {{"sparsity", 0.16}, {"scope", "global"}, {"granularity", "channel"}}}});
  const std::vector<float> a{0, 0, 0, 0, 5, -6, 7, -8}, bias{0, 1};
  BOOST_TEST(contents_of(graph, "a", "weight") == a, boost::test_tools::per_element());
  BOOST_TEST(contents_of(graph, "a", "bias") == bias, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(chance_follows_the_seed_and_the_name) {
  const auto pruned = [](int seed) {
    Graph graph = jet_net("a", {64, 64}, 8);
    run_pass("prune", graph,
             {{"weight", {{"sparsity", 0.3}, {"method", "random"}}}, {"seed", seed}});
    return graph;
  };
  const Graph one = pruned(1), same = pruned(1), other = pruned(2);
  BOOST_TEST((contents_of(one, "a_1", "weight_mask") == contents_of(same, "a_1", "weight_mask")));
  BOOST_TEST((contents_of(one, "a_1", "weight_mask") != contents_of(other, "a_1", "weight_mask")));
  const auto mask = contents_of(one, "a_1", "weight_mask");
  const double part = static_cast<double>(zeros_in(mask)) / static_cast<double>(mask.size());
  BOOST_TEST(std::abs(part - 0.3) < 0.04);  // 4096 draws: five deviations
}

BOOST_AUTO_TEST_CASE(what_was_pruned_stays_pruned) {
  Graph graph = two_layers();
  run_pass("prune", graph, {{"weight", {{"sparsity", 0.25}}}});
  run_pass("prune", graph, {{"weight", {{"sparsity", 0.5}, {"method", "random"}}}, {"seed", 4}});
  const std::vector<float> mask = contents_of(graph, "a", "weight_mask");
  BOOST_TEST(mask[0] == 0);
  BOOST_TEST(mask[1] == 0);
}

BOOST_AUTO_TEST_CASE(a_shared_weight_is_pruned_once) {
  Writer w;
  w.input({4});
  w.linear("fc", 4, 4);
  w.linear("fc", 4, 4);
  Graph graph = w.finish(2);
  const lathe::PassReport report = run_pass("prune", graph, {{"weight", {{"sparsity", 0.5}}}});
  BOOST_TEST(scalar(report, "parameters") == 16);
  BOOST_TEST(scalar(report, "pruned_parameters") == 8);
  const std::string text =
      pass_refusal("prune", graph, {{"weight", {{"sparsity", {{"fc", 0.5}, {"fc_1", 0.25}}}}}});
  BOOST_TEST(text.find("fc_1") != std::string::npos, text);
  BOOST_TEST(text.find("give both nodes the same") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(quantized_weights_are_pruned_before_or_after_alike) {
  const json quantize{{"by", "type"}, {"linear", {{"name", "integer"}, {"weight_width", 4}}}};
  const json prune{{"weight", {{"sparsity", 0.5}}}};
  Graph first = trained(jet_net("a", {8, -1, 5}, 4), 3), second = first;
  run_pass("quantize", first, quantize);
  run_pass("prune", first, prune);
  run_pass("prune", second, prune);
  run_pass("quantize", second, quantize);
  BOOST_TEST(computed(first) == computed(second), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(inputs_of_layers_are_pruned_by_nodes_before_them) {
  Graph graph = two_layers();
  run_pass("prune", graph, {{"activation", {{"sparsity", 0.5}}}});
  const lathe::Node& layer = graph.node(graph.find("a"));
  const lathe::Node& pruner = graph.node(layer.inputs()[0]);
  BOOST_TEST(pruner.op == "prune_activation");
  run_pass("extract_subgraph", graph, {{"to", pruner.name}});
  const Tensor x = floats(Shape{2, 4}, {1, -5, 3, 7, -2, 8, -4, 6});
  const auto engine = open_engine();
  const Tensor y = engine->run(graph, {x}).at(0);
  check_close(y.values<float>(), {0, -5, 0, 7, 0, 8, 0, 6}, 0, 0, "pruned input");
}

BOOST_AUTO_TEST_CASE(channels_of_inputs_go_by_their_mean_over_the_batch) {
  Graph graph = two_layers();
  run_pass("prune", graph, {{"activation", {{"sparsity", 0.5}, {"granularity", "channel"}}}});
  run_pass("extract_subgraph", graph,
           {{"to", graph.node(graph.node(graph.find("a")).inputs()[0]).name}});
  const Tensor x = floats(Shape{2, 4}, {1, -5, 3, 7, -2, 8, -4, 6});
  const Tensor y = open_engine()->run(graph, {x}).at(0);
  check_close(y.values<float>(), {0, -5, 0, 7, 0, 8, 0, 6}, 0, 0, "pruned channels");
}

BOOST_AUTO_TEST_CASE(the_gradient_passes_where_an_input_was_kept) {
  Writer w(3);
  w.input({16});
  w.linear("a", 16, 8);
  w.linear("b", 8, 5);
  Graph graph = with_plugin_ops(w.finish(8));
  run_pass("prune", graph, {{"activation", {{"sparsity", {{"b", 1.0}}}}}});
  lathe::TrainingOptions options;
  options.learning_rate = 0.1;
  options.max_epochs = 1;
  options.batch_size = 8;
  options.optimizer = "sgd";
  const std::atomic<bool> never{false};
  const Graph trained_graph = open_engine()->train(graph, *jets(16, 8), options, {}, never).last;
  // All of b's input is 0: nothing reaches a, and of b only the bias learns.
  BOOST_TEST((contents_of(trained_graph, "a", "weight") == contents_of(graph, "a", "weight")));
  BOOST_TEST((contents_of(trained_graph, "b", "weight") == contents_of(graph, "b", "weight")));
  BOOST_TEST((contents_of(trained_graph, "b", "bias") != contents_of(graph, "b", "bias")));
}

BOOST_AUTO_TEST_CASE(a_global_threshold_is_that_of_all_inputs_seen) {
  Graph graph = Workbench(4).model("jsc-tiny");
  StandIn engine;
  NoData data;
  Workbench bench(4);
  const std::vector<float> seen = draws(9, 4 * 16, 5.0);
  const NodeId layer = graph.find(kLinear);
  engine.seen = {{layer, lathe::operands_of(graph, layer)[0], tensor_of(seen, Shape{4, 16})}};
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  bench.run("prune", graph, {{"activation", {{"sparsity", 0.25}, {"scope", "global"}}}});
  std::vector<float> sorted;
  for (const float x : seen) sorted.push_back(std::abs(x));
  std::sort(sorted.begin(), sorted.end());
  const NodeId pruner = graph.node(graph.find(kLinear)).inputs()[0];
  BOOST_TEST(graph.attributes(pruner).find("threshold")->as_float() ==
             static_cast<double>(sorted[15]));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_pruned_is_refused_by_name_and_the_graph_stays) {
  const auto says = [](const json& options, std::initializer_list<const char*> words) {
    const std::string text = pass_refusal("prune", two_layers(), options);
    for (const char* word : words) BOOST_TEST(text.find(word) != std::string::npos, text);
  };
  says({{"weight", {{"sparsity", 1}, {"granularity", "channel"}}}},
       {"node 'a'", "all 2 output channels", "lower the sparsity"});
  says({{"weight", {{"sparsity", 0.34}, {"granularity", "channel"}, {"scope", "global"}}}},
       {"node 'a'", "all 2 output channels", "scope = local"});
  says({{"weight", {{"sparsity", 1.5}}}}, {"sparsity", "from 0 to 1"});
  says({{"weight", {{"sparsity", "half"}}}}, {"sparsity", "from 0 to 1"});
  says({{"weight", {{"sparsity", {{"c", 0.5}}}}}}, {"no node 'c'"});
  says({{"weight", {{"sparsity", {{"x", 0.5}}}}}}, {"node 'x'", "no layer with a weight"});
  says({{"weight", {{"sparsity", {{"a", 0.5}}}, {"scope", "global"}}}}, {"scope", "one sparsity"});
  says({{"activation", {{"sparsity", 0.5}, {"scope", "global"}, {"granularity", "channel"}}}},
       {"activation", "scope is local"});
}
