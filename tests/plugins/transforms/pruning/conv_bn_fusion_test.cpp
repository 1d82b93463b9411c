// Batch norms folded into the layers before them: against torch's numbers, what computes the same,
// and what is left alone.
#include "pruning.hpp"

using namespace lathe_test;

namespace {

const char* const kPass = "conv_bn_fusion";

// A layer and its batch norm; nothing of it is as it is made.
Graph pair(const std::string& layer, Value::Map attributes, const std::string& norm,
           Value::List sample, Value::Map of_norm = {}) {
  Writer w(4);
  w.input(std::move(sample));
  w.module("layer", layer, std::move(attributes));
  w.module("norm", norm, std::move(of_norm));
  w.relu("act", false);
  return trained(w.finish(3), 11);
}

Graph conv_pair() {
  return pair("conv2d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 3}},
              "batch_norm2d", {3, 6, 6});
}

// As the text of the one row of the table.
std::string why_not(const lathe::PassReport& report) {
  const lathe::ReportTable& pairs = table(report, "pairs");
  BOOST_REQUIRE_EQUAL(pairs.rows.size(), 1U);
  const auto row = pairs.rows[0];
  return row[3].is_none() ? "" : row[3].as_string();
}

void check_same(const Graph& graph, const json& options = json::object()) {
  Graph fused = graph;
  const lathe::PassReport report = run_pass(kPass, fused, options, 3);
  lathe::verify(fused);
  BOOST_TEST(scalar(report, "fused") == 1);
  BOOST_TEST((fused.find("norm") == NodeId::none));
  BOOST_TEST(fused.order().size() + 1 == graph.order().size());
  BOOST_TEST(difference(computed(graph), computed(fused)) < 1e-5);
}

void check_left(const Graph& graph, std::initializer_list<const char*> words,
                const json& options = json::object()) {
  Graph work = graph;
  const lathe::PassReport report = run_pass(kPass, work, options, 3);
  BOOST_TEST(scalar(report, "fused") == 0);
  BOOST_TEST(work.order().size() == graph.order().size());
  const std::string text = why_not(report);
  for (const char* word : words) BOOST_TEST(text.find(word) != std::string::npos, text);
  // By name it is an error, and the graph stays.
  json named = options;
  named["nodes"] = {"layer"};
  const std::string refused = pass_refusal(kPass, graph, named);
  for (const char* word : words) BOOST_TEST(refused.find(word) != std::string::npos, refused);
  BOOST_TEST(refused.find("node 'layer'") != std::string::npos, refused);
}

}  // namespace

BOOST_AUTO_TEST_CASE(fused_weights_are_torchs) {
  int checked = 0;
  const json file = golden_json("conv_bn_fusion.json");
  for (const json& golden : file.at("cases")) {
    const auto shape = golden.at("weight").at("shape").get<std::vector<std::int64_t>>();
    const auto sample = golden.at("x").at("shape").get<std::vector<std::int64_t>>();
    const bool two = shape.size() == 4;
    Writer w;
    w.input(Value::List(sample.begin() + 1, sample.end()));
    w.module("layer", two ? "conv2d" : "conv1d",
             {{"in_channels", shape[1]},
              {"out_channels", shape[0]},
              {"kernel_size", Value::List(shape.begin() + 2, shape.end())},
              {"bias", !golden.at("bias").is_null()}});
    w.module("norm", two ? "batch_norm2d" : "batch_norm1d",
             {{"eps", golden.at("eps").get<double>()}});
    json state = {{"layer.weight", golden.at("weight")}, {"layer.bias", golden.at("bias")}};
    for (const auto& [name, values] : golden.at("bn").items()) state["norm." + name] = values;
    Graph graph = with_state(w.finish(sample[0]), state);
    run_pass(kPass, graph, json::object(), sample[0]);
    check_close(contents_of(graph, "layer", "weight"),
                numbers(golden.at("fused_weight").at("data")), 1e-5, 1e-6, "weight");
    check_close(contents_of(graph, "layer", "bias"), numbers(golden.at("fused_bias").at("data")),
                1e-5, 1e-6, "bias");
    const Tensor y = open_engine()->run(graph, {tensor(golden.at("x"))}).at(0);
    check_close(y.values<float>(), numbers(golden.at("y").at("data")), 1e-5, 1e-5, "y");
    ++checked;
  }
  BOOST_TEST_MESSAGE("conv_bn_fusion.json: " << checked << " pairs");
  BOOST_TEST(checked == 2);
}

BOOST_AUTO_TEST_CASE(a_fused_network_computes_the_same) {
  check_same(conv_pair());
  for (const int groups : {1, 2}) {
    check_same(pair("conv2d",
                    {{"in_channels", 4},
                     {"out_channels", 6},
                     {"kernel_size", 3},
                     {"groups", groups},
                     {"bias", Value(false)}},
                    "batch_norm2d", {4, 6, 6}));
    check_same(pair("conv_transpose2d",
                    {{"in_channels", 4},
                     {"out_channels", 6},
                     {"kernel_size", 3},
                     {"groups", groups},
                     {"stride", 2}},
                    "batch_norm2d", {4, 5, 5}));
  }
  check_same(pair("conv1d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 2}},
                  "batch_norm1d", {3, 7}));
  check_same(pair("conv2d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 3}},
                  "batch_norm2d", {3, 6, 6}, {{"affine", Value(false)}, {"eps", 0.1}}));
  check_same(pair("linear", {{"in_features", 6}, {"out_features", 5}}, "batch_norm1d", {6}),
             {{"linear", true}});
}

BOOST_AUTO_TEST_CASE(linear_layers_are_fused_if_that_is_asked_for) {
  Graph graph = pair("linear", {{"in_features", 6}, {"out_features", 5}}, "batch_norm1d", {6});
  BOOST_TEST(scalar(run_pass(kPass, graph, json::object(), 3), "fused") == 0);
  const std::string text = pass_refusal(kPass, graph, {{"nodes", {"layer"}}});
  BOOST_TEST(text.find("linear = true") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_mask_of_the_weight_stays_and_that_of_the_bias_goes) {
  Graph graph = conv_pair();
  run_pass("prune", graph, {{"weight", {{"sparsity", 0.5}, {"granularity", "channel"}}}}, 3);
  const std::vector<float> mask = contents_of(graph, "layer", "weight_mask");
  check_same(graph);
  run_pass(kPass, graph, json::object(), 3);
  BOOST_TEST(contents_of(graph, "layer", "weight_mask") == mask, boost::test_tools::per_element());
  BOOST_TEST(!has_parameter(graph, "layer", "bias_mask"));
}

BOOST_AUTO_TEST_CASE(a_result_that_branches_is_not_fused) {
  Writer w(4);
  w.input({3, 6, 6});
  const NodeId layer =
      w.module("layer", "conv2d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 3}});
  const NodeId norm = w.module("norm", "batch_norm2d");
  w.function("add", {{norm}, {layer}});
  check_left(trained(w.finish(3), 2), {"'add'", "reads it too"});
}

BOOST_AUTO_TEST_CASE(a_module_that_is_used_twice_is_not_fused) {
  Writer w(4);
  w.input({3, 6, 6});
  const Value::Map same{
      {"in_channels", 3}, {"out_channels", 3}, {"kernel_size", 3}, {"padding", 1}};
  w.module("layer", "conv2d", same);
  w.module("norm", "batch_norm2d");
  w.relu("act", false);
  w.module("layer", "conv2d", same);
  check_left(trained(w.finish(3), 2), {"used by other nodes"});
  Writer v(4);
  v.input({3, 6, 6});
  v.module("layer", "conv2d", same);
  v.module("norm", "batch_norm2d");
  v.relu("act", false);
  v.module("norm", "batch_norm2d");
  check_left(trained(v.finish(3), 2), {"'norm'", "used by other nodes"});
}

BOOST_AUTO_TEST_CASE(without_running_statistics_nothing_is_fused) {
  check_left(pair("conv2d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 3}},
                  "batch_norm2d", {3, 6, 6}, {{"track_running_stats", Value(false)}}),
             {"'norm'", "no running statistics"});
}

BOOST_AUTO_TEST_CASE(a_number_format_between_keeps_them_apart) {
  for (const char* op : {"conv2d", "batch_norm2d"}) {
    Graph graph = conv_pair();
    run_pass("quantize", graph, {{"by", "type"}, {op, {{"name", "integer"}, {"weight_width", 8}}}},
             3);
    check_left(graph, {"carries number formats"});
  }
}

BOOST_AUTO_TEST_CASE(nodes_that_cannot_be_meant_are_refused) {
  const auto says = [](const char* node, std::initializer_list<const char*> words) {
    const std::string text = pass_refusal(kPass, conv_pair(), {{"nodes", {node}}});
    for (const char* word : words) BOOST_TEST(text.find(word) != std::string::npos, text);
  };
  says("layr", {"no node 'layr'", "did you mean 'layer'"});
  says("act", {"node 'act'", "no convolution with a batch norm right behind it"});
}
