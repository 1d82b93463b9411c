// Which nodes and operands the quantize pass gives formats.
#include "core/graph/transaction.hpp"
#include "core/host/instances/node_rules.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(quantizing_keeps_biases) {
  // MASE's new convolutions start with a random bias (severe [D]).
  Workbench bench(2);
  lathe::Graph graph = bench.model("toy_convnet", json::object(), samples_of({3, 32, 32}, 10));
  const auto bias_of = [&graph](const char* node) {
    const auto values =
        graph.node(graph.find(node)).parameter("bias")->content->tensor().values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const auto conv2d = bias_of("block_1_0"), conv1d = bias_of("block_3_0");
  bench.run("quantize", graph,
            {{"by", "type"}, {"conv2d", {{"name", "integer"}}}, {"conv1d", {{"name", "integer"}}}});
  BOOST_TEST((bias_of("block_1_0") == conv2d));
  BOOST_TEST((bias_of("block_3_0") == conv1d));
  BOOST_TEST(graph.node(graph.find("block_1_0")).format("bias") != nullptr);
}

BOOST_AUTO_TEST_CASE(an_output_is_quantized_only_if_somebody_asks_for_it) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph,
            {{"by", "name"},
             {"seq_blocks_1", {{"name", "integer"}}},
             {"seq_blocks_2", {{"name", "integer"}, {"data_in_width", 8}, {"data_out_width", 6}}}});
  const lathe::Node& linear = graph.node(graph.find("seq_blocks_2"));
  BOOST_TEST_REQUIRE(linear.format("data_out") != nullptr);
  BOOST_TEST(linear.format("data_out")->precision.text() == "[6, 3]");
  BOOST_TEST(linear.format("data_in")->precision.text() == "[8, 4]");
  BOOST_TEST(graph.node(graph.find("seq_blocks_1")).format("data_out") == nullptr);
  BOOST_TEST(graph.node(graph.find("seq_blocks_3")).format("data_in") == nullptr);
}

BOOST_AUTO_TEST_CASE(each_operand_has_a_format_of_its_own_and_those_left_float_are_counted) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-toy");
  const lathe::PassReport report = bench.run("quantize", graph,
                                             {{"by", "type"},
                                              {"linear",
                                               {{"name", "integer"},
                                                {"data_in_width", 6},
                                                {"weight", {{"name", "fixed"}, {"width", 3}}}}}});
  for (const char* layer : {"seq_blocks_2", "seq_blocks_5", "seq_blocks_8"}) {
    const lathe::Node& linear = graph.node(graph.find(layer));
    BOOST_TEST_REQUIRE(linear.format("weight") != nullptr);
    BOOST_TEST(linear.format("weight")->format == "fixed");
    BOOST_TEST(linear.format("weight")->precision.text() == "[3, 1]");
    BOOST_TEST(linear.format("data_in")->format == "integer");
    BOOST_TEST(linear.format("data_in")->precision.text() == "[6, 3]");
    BOOST_TEST(linear.format("bias") == nullptr);
  }
  BOOST_TEST_REQUIRE(report.texts.size() == 1U);
  BOOST_TEST(report.texts[0].first == "left_float");
  BOOST_TEST(report.texts[0].second.find("3 bias") != std::string::npos, report.texts[0].second);
  BOOST_TEST(report.texts[0].second.find("weight") == std::string::npos, report.texts[0].second);
}

BOOST_AUTO_TEST_CASE(a_bare_name_leaves_nothing_float) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const auto report =
      bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", "integer"}}}});
  const lathe::Node& linear = graph.node(graph.find("seq_blocks_2"));
  for (const char* role : {"data_in", "weight", "bias"}) {
    BOOST_TEST_REQUIRE(linear.format(role) != nullptr);
    BOOST_TEST(linear.format(role)->precision.text() == "[8, 4]");
  }
  BOOST_TEST(linear.format("data_out") == nullptr);
  BOOST_TEST(report.texts.empty());
}

BOOST_AUTO_TEST_CASE(functions_are_quantized_where_their_operands_are) {
  // x + y, then @ y, then relu: MASE calls the second operand of matmul a weight.
  lathe::Graph graph(0);
  {
    lathe::Transaction build(graph);
    const auto add = [&build](lathe::Opcode opcode, const char* op, const char* target,
                              std::vector<lathe::Argument> args,
                              lathe::Value attributes = lathe::Value(lathe::Value::Map{})) {
      lathe::NodeSpec spec;
      spec.opcode = opcode;
      spec.op = op;
      spec.target = target;
      spec.args = std::move(args);
      spec.attributes = std::move(attributes);
      return build.add(std::move(spec));
    };
    const lathe::Value square = to_value({{"shape", {4}}, {"batch", 4}});
    const auto x = add(lathe::Opcode::placeholder, "placeholder", "x", {}, square);
    const auto y = add(lathe::Opcode::placeholder, "placeholder", "y", {}, square);
    const auto sum = add(lathe::Opcode::call_function, "add", "add", {{x}, {y}});
    const auto product = add(lathe::Opcode::call_function, "matmul", "matmul", {{sum}, {y}});
    const auto positive = add(lathe::Opcode::call_function, "relu", "relu", {{product}});
    add(lathe::Opcode::output, "output", "output", {{positive}});
    build.commit();
  }
  const lathe::Graph original = graph;
  const TemporaryFolder folder;
  Workbench bench(4);
  bench.context.folder = folder.path();
  bench.context.original = &original;
  bench.run("quantize", graph, {{"by", "type"}, {"default", {{"name", "integer"}}}});
  const auto format = [&graph](const char* node, const char* role) {
    return graph.node(graph.find(node)).format(role) != nullptr;
  };
  BOOST_TEST(format("add", "data_in"));
  BOOST_TEST(!format("add", "weight"));
  BOOST_TEST(format("matmul", "data_in"));
  BOOST_TEST(format("matmul", "weight"));
  BOOST_TEST(format("relu", "data_in"));
  // MASE compares the types of two functions, which are equal, and calls them unchanged [D].
  const lathe::PassReport summary = bench.run("summarize_quantization", graph);
  BOOST_TEST(scalar(summary, "changed_nodes") == 3);
  const std::string csv = read_text(summary.files[0]);
  BOOST_TEST(csv.find("add,add,builtin_func,add,add,add_integer,True") != std::string::npos, csv);
  // 16 sums of 8 bits; 64 products of 8 x 8 bits, accumulated in 8.
  const lathe::PassReport bitops = bench.run("bitops", graph);
  BOOST_TEST(cell(table(bitops, "nodes"), "add", "bitops").as_float() == 16 * 8);
  BOOST_TEST(cell(table(bitops, "nodes"), "matmul", "bitops").as_float() == 64 * (8 * 8 + 8));
}

BOOST_AUTO_TEST_CASE(the_summary_lists_nodes_that_passes_removed) {
  Workbench bench(8);
  const TemporaryFolder folder;
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::Graph original = graph;
  bench.context.original = &original;
  {
    lathe::Transaction edit(graph);
    edit.replace_uses(graph.find("seq_blocks_1"), graph.find("seq_blocks_0"));
    edit.remove(graph.find("seq_blocks_1"));
    edit.commit();
  }
  const lathe::PassReport summary = bench.run("summarize_quantization", graph);
  const std::string csv = read_text(summary.files[0]);
  BOOST_TEST(csv.find("2,seq_blocks_1,,module_related_func,relu,ReLU,,True\n") != std::string::npos,
             csv);
  BOOST_TEST(csv.find("3,seq_blocks_2,seq_blocks_2,") != std::string::npos, csv);
}

BOOST_AUTO_TEST_CASE(both_spellings_of_a_pattern_choose_the_same_nodes) {
  for (const char* by : {"regex_name", "regx_name"}) {
    Workbench bench(8);
    lathe::Graph graph = bench.model("jsc-toy");
    bench.run("quantize", graph, {{"by", by}, {"seq_blocks_[25]", {{"name", "integer"}}}});
    BOOST_TEST(graph.node(graph.find("seq_blocks_2")).format("weight") != nullptr);
    BOOST_TEST(graph.node(graph.find("seq_blocks_5")).format("weight") != nullptr);
    BOOST_TEST(graph.node(graph.find("seq_blocks_8")).format("weight") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_format_is_refused_before_anything_changes) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::ContentHash before = graph.hash(graph.output());
  BOOST_CHECK_EXCEPTION(
      bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", "integr"}}}}),
      lathe::Error,
      [](const lathe::Error& e) { return e.message().find("integer") != std::string::npos; });
  BOOST_TEST((graph.hash(graph.output()) == before));
}

BOOST_AUTO_TEST_CASE(every_op_that_a_format_sits_on_is_acted_on) {
  const lathe::Component& pass = built_plugins().find(lathe::Kind::pass, "quantize");
  const std::vector<std::string> targets = lathe::targets_of(pass);
  for (const char* op : {"linear",
                         "conv1d",
                         "conv2d",
                         "conv_transpose1d",
                         "conv_transpose2d",
                         "addmm",
                         "multi_head_attention",
                         "scaled_dot_product_attention",
                         "group_norm",
                         "maximum",
                         "batch_norm1d",
                         "batch_norm2d",
                         "layer_norm",
                         "avg_pool2d",
                         "adaptive_avg_pool2d",
                         "add",
                         "sub",
                         "mul",
                         "matmul",
                         "bmm",
                         "relu",
                         "selu",
                         "tanh",
                         "gelu",
                         "silu",
                         "softplus",
                         "softsign"})
    BOOST_TEST(std::ranges::count(targets, op) == 1, op);
  for (const char* op : {"view", "flatten", "placeholder", "output", "dropout"})
    BOOST_TEST(std::ranges::count(targets, op) == 0, op);
}

BOOST_AUTO_TEST_CASE(norms_and_the_like_are_quantized_where_an_entry_is_for_them) {
  // MASE's configs mean layers of weights, relu and sums by a default or a wide pattern.
  const auto is_quantized = [](const json& config) {
    Workbench bench(8);
    lathe::Graph graph = bench.model("jsc-toy");
    bench.run("quantize", graph, config);
    return graph.node(graph.find("seq_blocks_3")).format("data_in") != nullptr;
  };
  const json integer = {{"name", "integer"}};
  BOOST_TEST(!is_quantized({{"by", "type"}, {"default", integer}}));
  BOOST_TEST(!is_quantized({{"by", "name"}, {"default", integer}}));
  BOOST_TEST(!is_quantized({{"by", "regex_name"}, {"seq_blocks_.*", integer}}));
  BOOST_TEST(is_quantized({{"by", "type"}, {"batch_norm1d", integer}}));
  BOOST_TEST(is_quantized({{"by", "name"}, {"seq_blocks_3", integer}}));
  BOOST_TEST(is_quantized({{"by", "regex_name"}, {"seq_blocks_[036]", integer}}));
}

BOOST_AUTO_TEST_CASE(every_format_sits_on_every_operand_by_name) {
  Workbench bench(8);
  for (const std::string& format : built_plugins().ids(lathe::Kind::format)) {
    lathe::Graph graph = bench.model("jsc-toy");
    bench.run("quantize", graph,
              {{"by", "type"},
               {"linear", {{"data_in", {{"name", format}}}, {"weight", {{"name", format}}}}},
               {"batch_norm1d", {{"name", format}}},
               {"relu", {{"data_in", {{"name", format}}}, {"data_out", {{"name", format}}}}}});
    for (const auto& [node, role] :
         {std::pair{"seq_blocks_2", "data_in"}, std::pair{"seq_blocks_2", "weight"},
          std::pair{"seq_blocks_0", "weight"}, std::pair{"seq_blocks_0", "bias"},
          std::pair{"seq_blocks_0", "data_in"}, std::pair{"seq_blocks_1", "data_in"},
          std::pair{"seq_blocks_1", "data_out"}}) {
      const lathe::OperandFormat* set = graph.node(graph.find(node)).format(role);
      BOOST_TEST_REQUIRE(set != nullptr, format << " " << node << " " << role);
      BOOST_TEST(set->format == format);
    }
    BOOST_TEST(graph.node(graph.find("seq_blocks_2")).format("bias") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_width_out_of_range_is_refused) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  for (const int width : {0, 65}) {
    BOOST_CHECK_THROW(
        bench.run("quantize", graph,
                  {{"by", "type"}, {"linear", {{"name", "integer"}, {"weight_width", width}}}}),
        lathe::Error);
  }
}
