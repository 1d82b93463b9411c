// What compare_graphs tells of nodes, formats and weights, against numbers worked out here.
#include "tests/plugins/workbench.hpp"

#include "core/graph/transaction.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe_test;
using lathe::Graph;
using lathe::NodeId;
using lathe::Tensor;

// A model, what is done to it, and the comparison.
struct Compared {
  explicit Compared(const std::string& model = "jsc-toy") : bench(8) {
    bench.context.folder = folder.path();
    original = graph = bench.model(model);
    bench.context.original = &original;
  }
  lathe::PassReport report(const json& options = json::object()) {
    return bench.run("compare_graphs", graph, options);
  }
  std::vector<float> contents(const std::string& name) const {
    for (const auto& [node, parameter] : graph.parameters()) {
      if (parameter->qualified_name != name) continue;
      const auto values = parameter->content->tensor().values<float>();
      return {values.begin(), values.end()};
    }
    return {};
  }
  void set(const std::string& name, const std::vector<float>& values) {
    for (const auto& [node, parameter] : graph.parameters()) {
      if (parameter->qualified_name != name) continue;
      graph = graph.with_parameters(
          {{name, Tensor::of<float>(lathe::DType::float32, parameter->shape, values)}});
      return;
    }
  }

  const TemporaryFolder folder;
  Workbench bench;
  Graph graph, original;
};

const json kEight = {{"by", "type"},
                     {"linear",
                      {{"name", "integer"},
                       {"weight_width", 8},
                       {"weight_frac_width", 4},
                       {"data_in_width", 8},
                       {"data_in_frac_width", 3},
                       {"bias_width", 8},
                       {"bias_frac_width", 4}}}};

// The row of a table with those cells in its first columns.
lathe::ReportRows::Row row_of(const lathe::ReportTable& t, const std::vector<std::string>& first) {
  for (const auto& cells : t.rows) {
    bool same = true;
    for (std::size_t i = 0; i < first.size(); ++i) same &= cells[i].as_string() == first[i];
    if (same) return cells;
  }
  throw std::runtime_error("table " + t.name + " has no row " + first[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(compare_graphs)

BOOST_AUTO_TEST_CASE(a_graph_beside_itself_shows_nothing) {
  Compared run;
  const lathe::PassReport report = run.report();
  for (const char* name :
       {"changed_nodes", "added_nodes", "removed_nodes", "changed_parameters", "max_weight_change"})
    BOOST_TEST(scalar(report, name) == 0);
  for (const lathe::ReportTable& t : report.tables) BOOST_TEST(t.rows.empty(), t.name);
  BOOST_TEST(report.files.size() == 5U);
}

BOOST_AUTO_TEST_CASE(quantization_changes_types_and_operands_and_no_contents) {
  Compared run;
  run.bench.run("quantize", run.graph, kEight);
  const lathe::PassReport report = run.report();
  BOOST_TEST(scalar(report, "changed_nodes") == 3);
  BOOST_TEST(scalar(report, "changed_parameters") == 0);
  const lathe::ReportTable& nodes = table(report, "nodes");
  BOOST_TEST(nodes.rows.size() == 3U);
  BOOST_TEST(cell(nodes, "seq_blocks_2", "change").as_string() == "changed");
  BOOST_TEST(cell(nodes, "seq_blocks_2", "original type").as_string() == "Linear");
  BOOST_TEST(cell(nodes, "seq_blocks_2", "type").as_string() == "LinearInteger");
  BOOST_TEST(table(report, "attributes").rows.empty());
  const auto weight = row_of(table(report, "operands"), {"seq_blocks_2", "weight"});
  BOOST_TEST(weight[2].as_string() == "float");
  BOOST_TEST(weight[3].as_string().starts_with("integer<width=8,frac_width=4"));
  BOOST_TEST(weight[4].as_string() == "[32]");
  BOOST_TEST(weight[5].as_string() == "[8, 4]");
  BOOST_TEST(read_text(report.files[0])
                 .starts_with("node,change,original op,op,original "
                              "type,type\nseq_blocks_2,changed,linear,linear,Linear,"
                              "LinearInteger\n"));
}

// The values that an integer of 8 bits with 4 behind the point has: multiples of 1/16.
BOOST_AUTO_TEST_CASE(weights_are_shown_as_the_network_uses_them) {
  Compared run;
  run.bench.run("quantize", run.graph, kEight);
  const lathe::PassReport report = run.report({{"values", 2}});
  const std::vector<float> weight = run.contents("seq_blocks.2.weight");
  double error = 0, signal = 0, largest = 0, sum = 0;
  std::int64_t changed = 0;
  float least = std::numeric_limits<float>::infinity();
  for (const float w : weight) {
    const float q = std::nearbyint(w * 16) / 16;
    const double off = std::abs(static_cast<double>(q) - static_cast<double>(w));
    changed += q != w ? 1 : 0;
    error += off * off;
    signal += static_cast<double>(w) * static_cast<double>(w);
    largest = std::max(largest, off);
    sum += static_cast<double>(q);
    least = std::min(least, q);
  }
  const auto apart = row_of(table(report, "weight_changes"), {"seq_blocks_2", "weight", "as used"});
  const auto close = boost::test_tools::tolerance(1e-9);
  BOOST_TEST(apart[3].as_int() == static_cast<std::int64_t>(weight.size()));
  BOOST_TEST(apart[4].as_int() == changed);
  BOOST_TEST(apart[5].as_float() == largest, close);
  BOOST_TEST(apart[6].as_float() == std::sqrt(error / signal), close);
  BOOST_TEST(apart[7].as_float() == 10 * std::log10(signal / error), close);
  const auto quantized = row_of(table(report, "weights"), {"seq_blocks_2", "weight", "quantized"});
  BOOST_TEST(quantized[3].as_float() == static_cast<double>(least), close);
  BOOST_TEST(quantized[5].as_float() == sum / static_cast<double>(weight.size()), close);
  BOOST_TEST(quantized[7].as_string().ends_with(" ... of 128"), quantized[7].as_string());
  BOOST_CHECK_THROW(row_of(table(report, "weights"), {"seq_blocks_2", "weight", "now"}),
                    std::runtime_error);
}

BOOST_AUTO_TEST_CASE(contents_that_changed_are_counted_and_measured) {
  Compared run;
  std::vector<float> bias = run.contents("seq_blocks.2.bias");
  bias.assign(bias.size(), 1.0F);
  run.set("seq_blocks.2.bias", bias);
  run.original = run.graph;
  bias[0] = 1.5F;
  bias[3] = -1.0F;
  run.set("seq_blocks.2.bias", bias);
  const lathe::PassReport report = run.report({{"values", 4}});
  BOOST_TEST(scalar(report, "changed_nodes") == 1);
  BOOST_TEST(scalar(report, "changed_parameters") == 1);
  BOOST_TEST(scalar(report, "max_weight_change") == 2);
  const auto apart = row_of(table(report, "weight_changes"), {"seq_blocks_2", "bias", "contents"});
  BOOST_TEST(apart[4].as_int() == 2);
  BOOST_TEST(apart[6].as_float() == std::sqrt(4.25 / 8), boost::test_tools::tolerance(1e-12));
  const auto now = row_of(table(report, "weights"), {"seq_blocks_2", "bias", "now"});
  BOOST_TEST(now[3].as_float() == -1);
  BOOST_TEST(now[4].as_float() == 1.5);
  BOOST_TEST(now[7].as_string() == "1.5, 1, 1, -1 ... of 8");
  const auto before = row_of(table(report, "weights"), {"seq_blocks_2", "bias", "original"});
  BOOST_TEST(before[6].as_float() == 0);
  // The same numbers in another place are no change.
  run.original = run.graph;
  run.set("seq_blocks.2.bias", bias);
  BOOST_TEST(scalar(run.report(), "changed_parameters") == 0);
}

BOOST_AUTO_TEST_CASE(nodes_that_came_and_went_are_named) {
  Compared run;
  const NodeId relu = run.graph.find("seq_blocks_4");
  lathe::Transaction edit(run.graph);
  lathe::NodeSpec spec;
  spec.op = "tanh";
  spec.target = "extra";
  spec.name = "extra";
  spec.args = {lathe::Argument{run.graph.node(relu).inputs()[0]}};
  spec.after = relu;
  const NodeId tanh = edit.add(std::move(spec));
  edit.replace_uses(relu, tanh);
  edit.remove(relu);
  edit.commit();
  const lathe::PassReport report = run.report();
  BOOST_TEST(scalar(report, "added_nodes") == 1);
  BOOST_TEST(scalar(report, "removed_nodes") == 1);
  BOOST_TEST(scalar(report, "changed_nodes") == 1);  // the one that reads it
  const lathe::ReportTable& nodes = table(report, "nodes");
  BOOST_TEST(cell(nodes, "seq_blocks_4", "change").as_string() == "removed");
  BOOST_TEST(cell(nodes, "seq_blocks_4", "op").is_none());
  BOOST_TEST(cell(nodes, "extra", "change").as_string() == "added");
  BOOST_TEST(cell(nodes, "extra", "original op").is_none());
  const auto inputs = row_of(table(report, "attributes"), {"seq_blocks_5", "inputs"});
  BOOST_TEST(inputs[2].as_string() == "seq_blocks_4");
  BOOST_TEST(inputs[3].as_string() == "extra");
}

BOOST_AUTO_TEST_CASE(widths_and_shapes_are_told_before_and_after) {
  Compared run;
  run.original = run.bench.model("jsc-custom", {{"hidden", {8}}});
  run.graph = run.bench.model("jsc-custom", {{"hidden", {12}}});
  const lathe::PassReport report = run.report();
  const lathe::ReportTable& attributes = table(report, "attributes");
  const std::string node = attributes.rows[0][0].as_string();
  const auto out = row_of(attributes, {node, "out_features"});
  BOOST_TEST(out[2].as_string() == "8");
  BOOST_TEST(out[3].as_string() == "12");
  const auto shape = row_of(attributes, {node, "shape"});
  BOOST_TEST(shape[2].as_string() == "[8, 8]");
  BOOST_TEST(shape[3].as_string() == "[8, 12]");
  // Sizes that differ are shown, and nothing is said of their difference.
  row_of(table(report, "weights"), {node, "weight", "original"});
  row_of(table(report, "weights"), {node, "weight", "now"});
  BOOST_CHECK_THROW(row_of(table(report, "weight_changes"), {node, "weight"}), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(weights_that_are_no_numbers_have_no_mean) {
  Compared run;
  std::vector<float> weight = run.contents("seq_blocks.2.weight");
  weight[5] = std::numeric_limits<float>::quiet_NaN();
  run.set("seq_blocks.2.weight", weight);
  const lathe::PassReport report = run.report();
  BOOST_TEST(std::isnan(scalar(report, "max_weight_change")));
  const auto now = row_of(table(report, "weights"), {"seq_blocks_2", "weight", "now"});
  BOOST_TEST(now[3].is_none());
  BOOST_TEST(now[5].is_none());
}

BOOST_AUTO_TEST_CASE(of_many_nodes_the_first_are_shown_and_all_counted) {
  Compared run;
  run.bench.run("quantize", run.graph, kEight);
  std::vector<float> bias = run.contents("seq_blocks.8.bias");
  bias[0] += 3;
  run.set("seq_blocks.8.bias", bias);
  const lathe::PassReport report = run.report({{"nodes", 1}});
  BOOST_TEST(scalar(report, "changed_nodes") == 3);
  BOOST_TEST(scalar(report, "changed_parameters") == 1);
  BOOST_TEST(scalar(report, "max_weight_change") == 3, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(table(report, "nodes").rows.size() == 1U);
  BOOST_TEST(table(report, "operands").rows.size() == 4U);
  BOOST_REQUIRE_EQUAL(report.texts.size(), 1U);
  BOOST_TEST(report.texts[0].second.starts_with(
      "the tables and files have the first 1 of 3 nodes that differ"));
  BOOST_TEST(table(run.report({{"nodes", 0}}), "nodes").rows.size() == 3U);
  BOOST_TEST(run.report().texts.empty());
}

BOOST_AUTO_TEST_CASE(it_changes_nothing) {
  Compared run;
  run.bench.run("quantize", run.graph, kEight);
  const auto before = run.graph.hash(run.graph.output());
  run.report();
  BOOST_TEST((run.graph.hash(run.graph.output()) == before));
}

BOOST_AUTO_TEST_SUITE_END()
