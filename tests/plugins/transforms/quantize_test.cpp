// The quantize pass against whole-pass runs of MASE: metadata, files, counts.
#include "tests/plugins/workbench.hpp"

#include "core/graph/transaction.hpp"
#include "core/host/instances/node_rules.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

std::vector<json> golden_cases() {
  const json golden_file = golden_json("quantize_pass.json");
  const json& cases = golden_file.at("cases");
  return {cases.begin(), cases.end()};
}

// MASE counts no exponent that a block shares. Of the golden case's linear layer: 640 products of
// inputs of 8 + 8/4 and weights of 6 + 8/4 bits, sums as wide as the bias, of which five have two.
bool is_block_fp(const json& golden) {
  const json& config = golden.at("config");
  return config.contains("linear") && config["linear"]["config"]["name"] == "block_fp";
}
constexpr double kSharedExponents = 640 * (10.0 * 8.0 + (8.0 + 16.0 / 5.0)) - 640 * (8 * 6 + 8);

// The nested configs keep their order in the file, which a pattern's first match depends on.
bool bypasses(const json& golden) {
  for (const auto& [key, entry] : golden.at("config").items()) {
    if (key != "by" && entry.at("config").value("bypass", false)) return true;
  }
  return false;
}

json quantized(const json& golden, Workbench& bench, lathe::Graph& graph) {
  graph = bench.model(golden.at("model"));
  bench.run("quantize", graph, golden.at("config"));
  json meta = json::array();
  for (const lathe::NodeId id : graph.order()) {
    json row = {
        {"name", graph.node(id).name}, {"args", json::object()}, {"result", json::object()}};
    for (const lathe::Operand& operand : lathe::operands_of(graph, id)) {
      if (operand.kind == LATHE_OPERAND_BUFFER) continue;
      json& into = row[operand.kind == LATHE_OPERAND_OUTPUT ? "result" : "args"];
      into[operand.name] = {{"type", operand.type}, {"precision", to_json(operand.precision)}};
    }
    meta.push_back(row);
  }
  return meta;
}

}  // namespace

BOOST_AUTO_TEST_CASE(metadata_after_quantizing_is_mases) {
  int checked = 0;
  for (const json& golden : golden_cases()) {
    if (bypasses(golden)) continue;
    Workbench bench(golden.at("batch"));
    lathe::Graph graph;
    const json meta = quantized(golden, bench, graph);
    const json& expected = golden.at("meta");
    BOOST_TEST_REQUIRE(meta.size() == expected.size());
    for (std::size_t i = 0; i < meta.size(); ++i) {
      const std::string name = expected[i].at("name");
      BOOST_TEST(meta[i].at("name") == name);
      for (const auto& [operand, value] : expected[i].at("args").items()) {
        json precision = value.at("precision");
        // MASE leaves what was not given as None [D]: a frac_width is half the width, a bias
        // 2^(exponent_width - 1) - 1.
        if (precision.size() == 2 && precision[1].is_null()) {
          precision[1] = precision[0].get<int>() / 2;
        } else if (precision.size() > 2 && precision[2].is_null()) {
          precision[2] = (1 << (precision[1].get<int>() - 1)) - 1;
        }
        BOOST_TEST(meta[i].at("args").at(operand).at("type") == value.at("type"), name << operand);
        BOOST_TEST(meta[i].at("args").at(operand).at("precision") == precision, name << operand);
        ++checked;
      }
      if (expected[i].at("result").contains("data_out_0")) {
        BOOST_TEST(meta[i].at("result").at("data_out_0").at("type") == "float");
      }
    }
  }
  BOOST_TEST_MESSAGE("quantize_pass.json: " << golden_cases().size() << " cases, " << checked
                                            << " operands");
  BOOST_TEST(golden_cases().size() == 12U);
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(counts_after_quantizing_are_the_seeds) {
  for (const json& golden : golden_cases()) {
    if (bypasses(golden)) continue;
    Workbench bench(golden.at("batch"));
    lathe::Graph graph = bench.model(golden.at("model"));
    BOOST_TEST(scalar(bench.run("flops", graph), "total_flops") ==
               golden.at("seed001_flops").at("original").get<double>());
    BOOST_TEST(scalar(bench.run("bitops", graph), "total_bitops") ==
               golden.at("seed001_bitops").at("original").get<double>());
    bench.run("quantize", graph, golden.at("config"));
    BOOST_TEST(scalar(bench.run("flops", graph), "total_flops") ==
               golden.at("seed001_flops").at("quantized").get<double>());
    const lathe::PassReport bitops = bench.run("bitops", graph);
    double more = 0;
    for (const json& row : golden.at("seed001_bitops").at("rows")) {
      const bool in_blocks = row[1] == "linear" && is_block_fp(golden);
      const double shared = in_blocks ? kSharedExponents : 0;
      BOOST_TEST(cell(table(bitops, "nodes"), row[0], "bitops").as_float() ==
                     row[3].get<double>() + shared,
                 boost::test_tools::tolerance(1e-12));
      more += shared;
    }
    BOOST_TEST(scalar(bitops, "total_bitops") ==
                   golden.at("seed001_bitops").at("quantized").get<double>() + more,
               boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(average_widths_after_quantizing_are_mases_where_it_counts_all_layers) {
  int checked = 0;
  for (const json& golden : golden_cases()) {
    if (bypasses(golden)) continue;
    Workbench bench(golden.at("batch"));
    lathe::Graph graph = bench.model(golden.at("model"));
    bench.run("quantize", graph, golden.at("config"));
    bool all = true;  // MASE ignores layers that are not quantized [D]
    for (const lathe::NodeId id : graph.order()) {
      const lathe::Node& node = graph.node(id);
      all = all && (node.op != "linear" || node.format("weight") != nullptr);
    }
    if (!all) continue;
    const lathe::PassReport report = bench.run("average_bitwidth", graph);
    // A weight of 6 bits has an exponent of 8 for four of them, which MASE does not count.
    const double shared = is_block_fp(golden) ? 8.0 / 4 : 0.0;
    const double bits = golden.at("avg_bits_module").at("average_bitwidth").get<double>() + shared;
    BOOST_TEST(scalar(report, "average_bitwidth") == bits);
    BOOST_TEST(scalar(report, "memory_density") ==
               (shared > 0 ? 32.0 / bits : golden.at("memory_density_32").get<double>()));
    ++checked;
  }
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(the_summary_writes_mases_two_files) {
  int checked = 0;
  for (const json& golden : golden_cases()) {
    if (bypasses(golden)) continue;
    const TemporaryFolder folder;
    Workbench bench(golden.at("batch"));
    bench.context.folder = folder.path();
    lathe::Graph graph = bench.model(golden.at("model"));
    const lathe::Graph original = graph;
    bench.context.original = &original;
    bench.run("quantize", graph, golden.at("config"));
    const lathe::PassReport report = bench.run("summarize_quantization", graph);
    BOOST_TEST_REQUIRE(report.files.size() == 2);
    for (const auto& file : report.files) {
      BOOST_TEST(read_text(file) ==
                 golden.at("summary_files").at(file.filename().string()).get<std::string>());
      ++checked;
    }
  }
  BOOST_TEST_MESSAGE("quantize_pass.json: " << checked << " summary files");
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(a_bypassed_node_stays_as_it_is) {
  // MASE's metadata says "integer" although the module runs in floats [D].
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::ContentHash before = graph.hash(graph.output());
  for (const json& golden : golden_cases()) {
    if (bypasses(golden)) bench.run("quantize", graph, golden.at("config"));
  }
  BOOST_TEST((graph.hash(graph.output()) == before));
}

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
                         "conv_transpose2d",
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
