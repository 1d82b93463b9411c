// The text of report_graph against MASE's, byte by byte.
#include "tests/plugins/analysis/reports/dot_checker.hpp"
#include "tests/plugins/noted.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace lathe_test;

namespace {

const std::vector<std::string> kModels{"jsc-tiny", "jsc-toy",  "jsc-s",      "vgg7",
                                       "toy",      "toy_tiny", "toy_convnet"};

json golden_of(const std::string& model) {
  static const json golden = golden_json("metadata.json");
  return golden.at("models").at(model);
}

// What a pass writes into its one file.
std::string written(Workbench& bench, lathe::Graph& graph, const json& options) {
  const TemporaryFolder folder;
  bench.context.folder = folder.path();
  const lathe::PassReport report = bench.run("report_graph", graph, options);
  BOOST_TEST(report.texts.empty());
  BOOST_TEST_REQUIRE(report.files.size() == 1);
  return read_text(report.files[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_graph)

BOOST_DATA_TEST_CASE(the_report_is_mases_text, data::make(kModels), model) {
  const json golden = golden_of(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  const lathe::PassReport report = bench.run("report_graph", graph, {{"users_label", "#users"}});
  BOOST_TEST_REQUIRE(report.texts.size() == 1);
  BOOST_TEST(report.texts[0].second == golden.at("report_graph").get<std::string>());
}

BOOST_DATA_TEST_CASE(a_drawing_has_every_node_and_every_use, data::make(kModels), model) {
  const json golden = golden_of(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  const Drawing drawing = read_dot(written(bench, graph, {{"file", "graph.dot"}}));
  std::vector<std::pair<std::string, std::string>> uses;
  BOOST_TEST(drawing.labels.size() == golden.at("nodes").size());
  for (const json& node : golden.at("nodes")) {
    const std::string name = node.at("name");
    const std::string label = drawing.labels.at(name);
    const json& common = node.at("parameters").at("common");
    BOOST_TEST(label.starts_with(name + "\n" + common.at("mase_op").get<std::string>()), label);
    for (const json& argument : node.at("args")) {
      if (drawing.labels.contains(argument.get<std::string>())) uses.emplace_back(argument, name);
    }
  }
  std::sort(uses.begin(), uses.end());
  std::vector<std::pair<std::string, std::string>> drawn = drawing.edges;
  std::sort(drawn.begin(), drawn.end());
  BOOST_TEST((drawn == uses));
}

BOOST_AUTO_TEST_CASE(a_drawing_shows_shapes_and_number_formats) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph,
            {{"by", "type"}, {"linear", {{"name", "integer"}, {"weight_width", 4}}}});
  const Drawing drawing = read_dot(written(bench, graph, {{"file", "a/graph.gv"}}));
  const std::string& label = drawing.labels.at("seq_blocks_2");
  BOOST_TEST(label.find("seq_blocks_2\nlinear\n[8, 5]\n") == 0U, label);
  BOOST_TEST(label.find("weight integer<width=4") != std::string::npos, label);
  BOOST_TEST(drawing.labels.at("x") == "x\nplaceholder\n[8, 16]");
}

BOOST_AUTO_TEST_CASE(the_checker_of_drawings_takes_no_broken_ones) {
  const std::string text = "digraph {\n  \"a\" [label=\"q\\\"uote\"];\n  \"a\" -> \"a\";\n}\n";
  const Drawing drawing = read_dot(text);
  BOOST_TEST(drawing.labels.at("a") == "q\"uote");
  BOOST_TEST(drawing.edges.size() == 1U);
  for (const char* broken :
       {"digraph {", "digraph { \"a\" [label=\"x]; }", "digraph { \"a\" -> ; }", "graph { }",
        "digraph { \"a\" -> \"b\"; }"}) {
    BOOST_CHECK_THROW(read_dot(broken), std::runtime_error);
  }
}

BOOST_AUTO_TEST_CASE(the_report_goes_to_a_file_if_one_is_named) {
  const TemporaryFolder folder;
  Workbench bench(8);
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport report = bench.run("report_graph", graph, {{"file_name", "graph.txt"}});
  BOOST_TEST(report.texts.empty());
  BOOST_TEST_REQUIRE(report.files.size() == 1);
  const std::string text = read_text(report.files[0]);
  BOOST_TEST(text.starts_with("graph():\n    %x : [num_users=1] = placeholder[target=x]\n"));
  BOOST_TEST(text.back() == ']');
}

BOOST_AUTO_TEST_CASE(the_report_writes_only_into_the_runs_folder) {
  const TemporaryFolder folder;
  Workbench bench(8);
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  BOOST_CHECK_THROW(bench.run("report_graph", graph, {{"file_name", "../graph.txt"}}),
                    lathe::Error);
}

BOOST_AUTO_TEST_CASE(a_bad_file_names_its_option) {
  const TemporaryFolder folder;
  Workbench bench(8);
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  for (const auto& [option, file] :
       {std::pair("file", "/tmp/graph.dot"), std::pair("file_name", "../graph.txt"),
        std::pair("file", "a/../../graph.gv")}) {
    try {
      bench.run("report_graph", graph, {{option, file}});
      BOOST_ERROR("it was taken: " << file);
    } catch (const lathe::Error& e) {
      BOOST_TEST(std::string(e.what()).find(option) != std::string::npos, e.what());
      BOOST_TEST(std::string(e.what()).find("must be relative") != std::string::npos, e.what());
    }
  }
  BOOST_CHECK_THROW(bench.run("report_graph", graph, {{"file", "a"}, {"file_name", "b"}}),
                    lathe::Error);
}

BOOST_AUTO_TEST_SUITE_END()
