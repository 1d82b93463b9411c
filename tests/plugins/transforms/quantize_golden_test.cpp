// The quantize pass against whole-pass runs of MASE: metadata, files, counts.
#include "tests/plugins/workbench.hpp"

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
