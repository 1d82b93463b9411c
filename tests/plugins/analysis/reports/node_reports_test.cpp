// Reports of nodes: MASE's texts, byte by byte where they are recorded.
#include "tests/plugins/noted.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace lathe_test;

namespace {

// Of jsc-tiny at batch 8: the text on screen.
std::string shown(const std::string& pass, const json& options = json::object()) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport report = bench.run(pass, graph, options);
  BOOST_TEST_REQUIRE(report.texts.size() == 1U);
  BOOST_TEST(report.files.empty());
  return report.texts[0].second;
}

// The golden texts by the words of `which`.
std::string golden_text(const std::string& which) {
  if (which == "software" || which == "hardware") {
    return golden_json("metadata.json")
        .at("models")
        .at("jsc-tiny")
        .at("report_node_meta_param_" + which);
  }
  return golden_json("report_node_meta_param.json").at("text").at(which);
}

json words_of(const std::string& which) {
  if (which == "common+software") return {"common", "software"};
  return json::array({which});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(node_reports)

BOOST_DATA_TEST_CASE(metadata_is_mases_text,
                     data::make({"common", "all", "common+software", "software", "hardware"}),
                     which) {
  const std::string right = golden_text(which);
  BOOST_TEST(shown("report_node_meta_param", {{"which", words_of(which)}}) == right + "\n");
}

BOOST_AUTO_TEST_CASE(metadata_goes_to_a_file_without_a_last_line_end) {
  const TemporaryFolder folder;
  Workbench bench(8);
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  const auto report =
      bench.run("report_node_meta_param", graph, {{"save_path", "deep/report.txt"}});
  BOOST_TEST(report.texts.empty());
  BOOST_TEST_REQUIRE(report.files.size() == 1U);
  // [D] e.1: without arguments MASE fails; `which` is ("all",) by default.
  BOOST_TEST(read_text(report.files[0]) == golden_text("all"));
}

BOOST_AUTO_TEST_CASE(columns_have_mases_order_whatever_the_order_of_the_words) {
  BOOST_TEST(shown("report_node_meta_param", {{"which", {"software", "common"}}}) ==
             golden_text("common+software") + "\n");
  BOOST_TEST(shown("report_node_meta_param", {{"which", {"common", "all", "common"}}}) ==
             golden_text("all") + "\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_word_of_which_is_named) {
  try {
    shown("report_node_meta_param", {{"which", {"common", "softwar"}}});
    BOOST_ERROR("it was taken");
  } catch (const lathe::Error& e) {
    const std::string text = e.what();
    BOOST_TEST(
        text.find("'softwar' is none of all, common, hardware, software") != std::string::npos,
        text);
    BOOST_TEST(text.find("which") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_leaves_the_folder_is_refused_by_every_report) {
  const TemporaryFolder folder;
  Workbench bench(8);
  bench.context.folder = folder.path();
  lathe::Graph graph = bench.model("jsc-tiny");
  for (const auto& [pass, option] :
       {std::pair("report_node_meta_param", "save_path"), std::pair("report_node_type", "file"),
        std::pair("report_node_shape", "file"), std::pair("report_node_hardware_type", "file"),
        std::pair("report_trainable_parameters", "file")}) {
    try {
      bench.run(pass, graph, {{option, "../report.txt"}});
      BOOST_ERROR("it was taken by " << pass);
    } catch (const lathe::Error& e) {
      BOOST_TEST(std::string(e.what()).find(option) != std::string::npos, e.what());
      BOOST_TEST(std::string(e.what()).find("'../report.txt'") != std::string::npos, e.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_pass_left_in_the_metadata_is_in_the_report) {
  NotedBench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.set(graph, "x", "software/results/data_out_0/stat", {{"abs_mean", {{"count", 8}}}});
  const std::string text =
      bench.run("report_node_meta_param", graph, {{"which", {"software"}}}).texts.at(0).second;
  BOOST_TEST(text.find("{'results': {'data_out_0': {'stat': {'abs_mean': {'count': 8}}}}}") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(types_are_a_simple_table) {
  BOOST_TEST(shown("report_node_type") ==
             "Node name     Fx Node op    Mase type            Mase op       Value type\n"
             "------------  ------------  -------------------  ------------  ------------\n"
             "x             placeholder   placeholder          placeholder   NA\n"
             "seq_blocks_0  call_module   module               batch_norm1d  float\n"
             "seq_blocks_1  call_module   module_related_func  relu          float\n"
             "seq_blocks_2  call_module   module_related_func  linear        float\n"
             "seq_blocks_3  call_module   module_related_func  relu          float\n"
             "output        output        output               output        NA\n");
}

BOOST_AUTO_TEST_CASE(types_follow_number_formats) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", "integer"}}}});
  const std::string text = bench.run("report_node_type", graph).texts.at(0).second;
  BOOST_TEST(text.find("linear        integer\n") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(shapes_are_those_of_arguments_and_results) {
  BOOST_TEST(shown("report_node_shape") ==
             "x:\nin:\nout:\ndata_out_0 = [8, 16]\n\n"
             "seq_blocks_0:\nin:\ndata_in_0 = [8, 16]\nweight = [16]\nbias = [16]\nout:\n"
             "data_out_0 = [8, 16]\n\n"
             "seq_blocks_1:\nin:\ndata_in_0 = [8, 16]\nout:\ndata_out_0 = [8, 16]\n\n"
             "seq_blocks_2:\nin:\ndata_in_0 = [8, 16]\nweight = [5, 16]\nbias = [5]\nout:\n"
             "data_out_0 = [8, 5]\n\n"
             "seq_blocks_3:\nin:\ndata_in_0 = [8, 5]\nout:\ndata_out_0 = [8, 5]\n\n"
             "output:\nin:\nout:\ndata_out_0 = [8, 5]\n\n");
}

BOOST_AUTO_TEST_CASE(hardware_types_leave_wires_out) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const std::string before = bench.run("report_node_hardware_type", graph).texts.at(0).second;
  BOOST_TEST(before.find("seq_blocks_2  call_module   float   NA                     NA\n") !=
                 std::string::npos,
             before);
  bench.run("add_hardware_metadata", graph);
  BOOST_TEST(bench.run("report_node_hardware_type", graph).texts.at(0).second ==
             "Node name     Fx Node op    Type    Tool Chain      Device ID\n"
             "------------  ------------  ------  ------------  -----------\n"
             "seq_blocks_0  call_module   float   HLS                    -1\n"
             "seq_blocks_1  call_module   float   INTERNAL               -1\n"
             "seq_blocks_2  call_module   float   INTERNAL               -1\n"
             "seq_blocks_3  call_module   float   INTERNAL               -1\n");
}

// By hand: batch norm 16 + 16, linear 5 * 16 + 5.
BOOST_AUTO_TEST_CASE(parameters_are_counted_by_submodule) {
  BOOST_TEST(shown("report_trainable_parameters") ==
             "+--------------+------------------------+---------+\n"
             "| Submodule    |   Trainable Parameters |   Share |\n"
             "+==============+========================+=========+\n"
             "| seq_blocks   |                    117 | 100.00% |\n"
             "+--------------+------------------------+---------+\n"
             "| seq_blocks.0 |                     32 |  27.35% |\n"
             "+--------------+------------------------+---------+\n"
             "| seq_blocks.2 |                     85 |  72.65% |\n"
             "+--------------+------------------------+---------+\n"
             "\n"
             "Total Trainable Parameters: 117\n");
}

BOOST_DATA_TEST_CASE(all_parameters_are_those_of_pytorch,
                     data::make({"jsc-tiny", "jsc-toy", "jsc-s", "vgg7", "toy", "toy_convnet"}),
                     model) {
  const json golden = golden_json("metadata.json").at("models").at(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  const auto report = bench.run("report_trainable_parameters", graph);
  BOOST_TEST(scalar(report, "trainable_parameters") == golden.at("num_parameters").get<double>());
}

BOOST_AUTO_TEST_CASE(what_formats_learn_is_no_parameter) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", "lsq"}}}});
  BOOST_TEST(scalar(bench.run("report_trainable_parameters", graph), "trainable_parameters") ==
             117);
}

BOOST_AUTO_TEST_SUITE_END()
