// Widths that tie: what follows, what is shared out, and what is refused with which words.
#include "tests/plugins/transforms/widths/widening.hpp"

namespace {

using namespace lathe_test;

NodeId conv(Writer& net, const std::string& name, int in, int out, int groups = 1, int kernel = 1) {
  return net.module(name, "conv2d",
                    {{"in_channels", in},
                     {"out_channels", out},
                     {"kernel_size", kernel},
                     {"padding", kernel / 2},
                     {"groups", groups}});
}

// stem -> body, added to stem's output -> head
Graph residual() {
  Writer net;
  net.input({3, 4, 4});
  const NodeId stem = conv(net, "stem", 3, 8);
  const NodeId body = conv(net, "body", 8, 8);
  net.function("add", {{stem}, {body}});
  net.module("flat", "flatten");
  net.linear("head", 8 * 16, 5);
  return trained(net.finish(2), 11);
}

Graph resnet20() {
  return Workbench(2).model("resnet20", json::object(), samples_of({3, 32, 32}, 10));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ties)

BOOST_AUTO_TEST_CASE(what_is_added_to_a_wider_layer_is_as_wide) {
  Graph graph = residual();
  widen(graph, {{"body", {{"width", 1.5}}}});
  BOOST_TEST(size_of(graph, "stem", "out_channels") == 12);
  BOOST_TEST(size_of(graph, "body", "in_channels") == 12);
  BOOST_TEST(size_of(graph, "head", "in_features") == 12 * 16);
}

BOOST_AUTO_TEST_CASE(two_widths_that_meet_at_an_addition_are_refused_by_all_their_names) {
  check_refused(residual(), {{"stem", {{"width", 2}}}, {"body", {{"width", 3}}}}, "reset",
                {"node 'body'", "width 3 cannot meet width 2 of 'stem'", "'add' (add)"});
  // The same width twice is no conflict.
  BOOST_TEST(refusal(residual(), {{"stem", {{"width", 2}}}, {"body", {{"width", 2}}}}).empty());
}

BOOST_AUTO_TEST_CASE(the_output_layer_cannot_be_widened) {
  check_refused(residual(), {{"head", {{"width", 2}}}}, "reset",
                {"node 'head'", "width 2 is impossible", "the graph's output", "classes"});
  BOOST_TEST(refusal(residual(), {{"head", {{"name", "input_only"}}}}).empty());
  // By type it is meant as well.
  Graph graph = jsc_tiny();
  BOOST_CHECK_THROW(
      Workbench().run("channel_multiplier", graph, {{"by", "type"}, {"linear", {{"width", 2}}}}),
      lathe::Error);
}

BOOST_AUTO_TEST_CASE(factors_round_half_up_and_leave_one_channel) {
  const auto stem = [](double factor) {
    Graph graph = residual();
    widen(graph, {{"stem", {{"width", factor}}}});
    return size_of(graph, "stem", "out_channels");
  };
  BOOST_TEST(stem(1.3125) == 11);  // 10.5
  BOOST_TEST(stem(1.31) == 10);
  BOOST_TEST(stem(0.01) == 1);
}

BOOST_AUTO_TEST_CASE(groups_stay_whole) {
  Writer net;
  net.input({3, 4, 4});
  conv(net, "stem", 3, 8);
  conv(net, "grouped", 8, 12, 4, 3);
  net.module("flat", "flatten");
  net.linear("head", 12 * 16, 5);
  const Graph graph = trained(net.finish(2), 12);
  Graph wide = graph;
  widen(wide, {{"stem", {{"width", 2}}}, {"grouped", {{"width", 3}}}}, "net2wider");
  BOOST_TEST(size_of(wide, "grouped", "groups") == 4);
  BOOST_TEST(size_of(wide, "grouped", "in_channels") == 16);
  BOOST_TEST(size_of(wide, "grouped", "out_channels") == 36);
  BOOST_TEST(difference(computed(graph), computed(wide)) <= 1e-5);
  check_refused(graph, {{"stem", {{"width", 1.25}}}}, "reset",
                {"node 'stem'", "makes 10 of 8 channels", "4 groups", "8 and 12 would"});
}

BOOST_AUTO_TEST_CASE(a_depthwise_layer_follows_what_feeds_it) {
  Writer net;
  net.input({3, 4, 4});
  conv(net, "stem", 3, 8);
  conv(net, "depthwise", 8, 16, 8, 3);
  net.module("bn", "batch_norm2d", {{"num_features", 16}});
  net.module("flat", "flatten");
  net.linear("head", 16 * 16, 5);
  const Graph graph = trained(net.finish(2), 13);
  Graph wide = graph;
  widen(wide, {{"stem", {{"width", 1.5}}}}, "net2wider");
  BOOST_TEST(size_of(wide, "depthwise", "groups") == 12);
  BOOST_TEST(size_of(wide, "depthwise", "out_channels") == 24);
  BOOST_TEST(size_of(wide, "bn", "num_features") == 24);
  BOOST_TEST(difference(computed(graph), computed(wide)) <= 1e-5);
  // Asked the other way round, it is the stem that follows.
  Graph asked = graph;
  widen(asked, {{"depthwise", {{"width", 2}}}});
  BOOST_TEST(size_of(asked, "stem", "out_channels") == 16);
}

BOOST_AUTO_TEST_CASE(zeros_beside_a_shortcut_make_up_for_what_it_lacks) {
  Graph graph = resnet20();
  const auto margins = [&](const Graph& g) {
    std::vector<std::string> all;
    for (const NodeId id : g.order()) {
      if (g.node(id).op == "pad") all.push_back(g.attributes(id).find("pad")->text());
    }
    return all;
  };
  BOOST_TEST(margins(graph) ==
             (std::vector<std::string>{"[0, 0, 0, 0, 8, 8]", "[0, 0, 0, 0, 16, 16]"}));
  widen(graph, {{"layer2_0_conv2", {{"width", 2}}}, {"layer3_0_conv2", {{"width", 1.5}}}});
  BOOST_TEST(margins(graph) ==
             (std::vector<std::string>{"[0, 0, 0, 0, 24, 24]", "[0, 0, 0, 0, 16, 16]"}));
  BOOST_TEST(size_of(graph, "conv1", "out_channels") == 16);
  BOOST_TEST(size_of(graph, "layer2_2_conv2", "out_channels") == 64);
  BOOST_TEST(size_of(graph, "layer3_2_bn2", "num_features") == 96);
  computed(graph);
}

BOOST_AUTO_TEST_CASE(a_stage_that_outgrows_the_next_is_refused) {
  check_refused(resnet20(), {{"conv1", {{"width", 4}}}}, "reset",
                {"its 32 channels cannot hold the 64 of", "give it a width that holds them"});
  BOOST_TEST(refusal(resnet20(), {{"conv1", {{"width", 2}}}}).empty());
}

BOOST_AUTO_TEST_CASE(known_nets_keep_their_function_under_net2wider) {
  struct Known {
    const char* model;
    std::vector<std::int64_t> sample;
    json layers;
  };
  const std::vector<Known> nets{
      {"resnet20",
       {3, 32, 32},
       {{"layer1_0_conv1", {{"width", 1.5}}},
        {"layer2_1_conv2", {{"width", 2}}},
        {"layer3_0_conv2", {{"width", 2}}}}},
      {"vgg7",
       {3, 32, 32},
       {{"feature_layers_0", {{"width", 1.25}}}, {"classifier_0", {{"width", 1.1}}}}},
      {"mnist-cnn", {1, 28, 28}, {{"conv2", {{"width", 2}}}}},
      {"jsc-s", {16}, {{"module_list_2", {{"width", 2}}}}}};
  for (const Known& net : nets) {
    BOOST_TEST_CONTEXT(net.model) {
      const Graph graph =
          trained(Workbench(2).model(net.model, json::object(), samples_of(net.sample, 10)), 20);
      Graph wide = graph;
      widen(wide, net.layers, "net2wider");
      BOOST_TEST(wide.parameter_count() > graph.parameter_count());
      BOOST_TEST(difference(computed(graph), computed(wide)) <= 1e-5);
    }
  }
}

BOOST_AUTO_TEST_CASE(net2wider_and_slice_go_one_way) {
  check_refused(residual(), {{"stem", {{"width", 0.5}}}}, "net2wider",
                {"node 'stem'", "net2wider only widens: 8 channels cannot become 4"});
  check_refused(residual(), {{"stem", {{"width", 2}}}}, "slice",
                {"node 'stem'", "slice only narrows: 8 channels cannot become 16"});
}

BOOST_AUTO_TEST_CASE(a_norm_over_channels_cannot_take_copies) {
  Writer net;
  net.input({6});
  net.linear("fc", 6, 8);
  net.module("norm", "layer_norm", {{"normalized_shape", 8}});
  net.linear("out", 8, 3);
  const Graph graph = trained(net.finish(2), 15);
  check_refused(graph, {{"fc", {{"width", 2}}}}, "net2wider",
                {"node 'fc'", "'norm' (layer_norm)", "weights = reset"});
  Graph fresh = graph;
  widen(fresh, {{"fc", {{"width", 2}}}});
  BOOST_TEST(fresh.attributes(fresh.find("norm")).find("normalized_shape")->text() == "[16]");
  computed(fresh);
}

BOOST_AUTO_TEST_CASE(entries_that_say_two_things_or_nothing_are_refused) {
  const Graph graph = residual();
  check_refused(graph, {{"stem", {{"name", "both"}}}}, "reset",
                {"node 'stem'", "'both' needs a 'channel_multiplier'"});
  check_refused(graph, {{"stem", {{"name", "both"}, {"channel_multiplier", 2}, {"width", 2}}}},
                "reset", {"node 'stem'", "say the same thing"});
  check_refused(graph, {{"stem", {{"name", "input_only"}, {"width", 2}}}}, "reset",
                {"node 'stem'", "'input_only'"});
  check_refused(graph, {{"stem", {{"name", "outputonly"}}}}, "reset",
                {"did you mean 'output_only'?"});
  check_refused(graph, {{"stm", {{"width", 2}}}}, "reset", {"'stm'", "did you mean 'stem'?"});
  check_refused(graph, {{"stem", {{"width", 0}}}}, "reset", {"'width'", "0<.."});
  check_refused(graph, {{"stem", {{"width", 1e12}}}}, "reset",
                {"node 'stem'", "1073741824 channels"});
  BOOST_TEST(refusal(graph, {{"stem", {{"name", nullptr}}},
                             {"body", {{"width", nullptr}, {"name", nullptr}}}})
                 .empty());
}

BOOST_AUTO_TEST_SUITE_END()
