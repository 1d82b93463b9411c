// The text of report_graph against MASE's, byte by byte.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(the_report_is_mases_text) {
  int checked = 0;
  const json golden_file = golden_json("metadata.json");
  for (const auto& [id, golden] : golden_file.at("models").items()) {
    Workbench bench(golden.at("input_shape")[0].get<std::int64_t>());
    const auto shape = golden.at("input_shape").get<std::vector<std::int64_t>>();
    const std::int64_t classes = id == "toy_convnet" || id == "vgg7" ? 10
                                 : id.starts_with("toy")             ? 2
                                                                     : 5;
    lathe::Graph graph =
        bench.model(id, json::object(), samples_of({shape.begin() + 1, shape.end()}, classes));
    const lathe::PassReport report = bench.run("report_graph", graph, {{"users_label", "#users"}});
    BOOST_TEST_REQUIRE(report.texts.size() == 1);
    BOOST_TEST(report.texts[0].second == golden.at("report_graph").get<std::string>());
    ++checked;
  }
  BOOST_TEST_MESSAGE("metadata.json: report_graph of " << checked << " models");
  BOOST_TEST(checked > 0);
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
