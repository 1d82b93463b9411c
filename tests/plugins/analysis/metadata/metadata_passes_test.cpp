// The passes that make and check metadata, against MASE's dumps.
#include "tests/plugins/noted.hpp"
#include "tests/support/messages.hpp"

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

// Entries that describe a tensor: those with a precision; MASE's dumps leave out what a method is
// called on ([D] a.4).
std::int64_t tensors_of(const json& golden) {
  std::int64_t count = 0;
  for (const json& node : golden.at("nodes")) {
    const json& common = node.at("parameters").at("common");
    for (const char* part : {"args", "results"}) {
      for (const auto& [_, entry] : common.at(part).items()) {
        count += entry.is_object() && entry.contains("precision") ? 1 : 0;
      }
    }
    count += node.at("op") == "call_method" ? 1 : 0;
  }
  return count;
}

std::int64_t stats_of(const json& golden) {
  std::int64_t count = 0;
  for (const json& node : golden.at("nodes")) {
    for (const auto& [_, part] : node.at("parameters").at("software").items()) {
      count += static_cast<std::int64_t>(part.size());
    }
  }
  return count;
}

std::vector<std::string> texts(const lathe::Value& list) {
  std::vector<std::string> out;
  for (const lathe::Value& item : list.as_list()) out.push_back(item.as_string());
  return out;
}

void fails_with(NotedBench& bench, lathe::Graph& graph, const std::vector<std::string>& says) {
  try {
    bench.run("verify_metadata", graph);
    BOOST_ERROR("nothing was found");
  } catch (const lathe::Error& e) {
    const std::string message = e.what();
    for (const std::string& part : says) {
      BOOST_TEST(message.find(part) != std::string::npos, message << "\n   lacks " << part);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metadata_passes)

BOOST_DATA_TEST_CASE(common_and_software_metadata_have_as_many_tensors_as_mases,
                     data::make(kModels), model) {
  const json golden = golden_of(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  const auto nodes = static_cast<double>(golden.at("nodes").size());
  BOOST_TEST(scalar(bench.run("init_metadata", graph), "nodes") == nodes);
  const lathe::PassReport common = bench.run("add_common_metadata", graph);
  BOOST_TEST(scalar(common, "nodes") == nodes);
  BOOST_TEST(scalar(common, "tensors") == static_cast<double>(tensors_of(golden)));
  const lathe::PassReport software = bench.run("add_software_metadata", graph);
  BOOST_TEST(scalar(software, "tensors") == static_cast<double>(stats_of(golden)));
}

BOOST_DATA_TEST_CASE(derived_metadata_holds, data::make(kModels), model) {
  const json golden = golden_of(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  // [D] e.3: MASE's verifier fails on every graph.
  BOOST_TEST(scalar(bench.run("verify_metadata", graph), "problems") == 0);
}

BOOST_AUTO_TEST_CASE(ends_are_the_first_and_last_nodes_that_compute) {
  NotedBench bench;
  lathe::Graph graph = bench.golden_model("toy", golden_of("toy"));
  const lathe::PassReport report = bench.run("add_common_metadata", graph);
  const lathe::ReportTable& ends = table(report, "graph");
  // x -> view -> seq_blocks_0 ... -> output
  BOOST_TEST(texts(cell(ends, "nodes_in", "value")) == std::vector<std::string>{"seq_blocks_0"});
  BOOST_TEST(cell(ends, "nodes_out", "value").as_list().size() == 1U);
  const json hardware = bench.metadata(graph);
  const std::string last = texts(cell(ends, "nodes_out", "value")).at(0);
  BOOST_TEST(hardware[last]["hardware"] == json::object());
}

BOOST_AUTO_TEST_CASE(init_drops_what_earlier_passes_left_in_metadata) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  const json before = bench.metadata(graph);
  bench.set(graph, "seq_blocks_2", "common/args/weight/shape", {1, 2, 3});
  bench.set(graph, "seq_blocks_2", "software/args/weight/stat", {{"record", 1}});
  bench.set(graph, "seq_blocks_2", "mine/note", 5);
  bench.run("add_hardware_metadata", graph);
  BOOST_TEST(bench.metadata(graph) != before);
  bench.run("init_metadata", graph);
  BOOST_TEST(bench.metadata(graph) == before);
  const auto report = bench.run("notes", graph, {{"key", "mine/note"}});
  BOOST_TEST(cell(table(report, "metadata"), "seq_blocks_2", "note").as_int() == 5);
}

BOOST_AUTO_TEST_CASE(hardware_metadata_is_mases) {
  const json golden = golden_json("metadata_hardware_jsc_tiny.json");
  NotedBench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport report = bench.run("add_hardware_metadata", graph);
  const json found = bench.metadata(graph);
  for (const json& node : golden.at("nodes")) {
    BOOST_TEST_CONTEXT(node.at("name")) {
      BOOST_TEST(found.at(node.at("name").get<std::string>()).at("hardware") ==
                 node.at("hardware"));
    }
  }
  BOOST_TEST(found.size() == golden.at("nodes").size());
  BOOST_TEST(scalar(report, "implicit_nodes") == 2);
  BOOST_TEST(scalar(bench.run("verify_metadata", graph), "problems") == 0);
}

// [D] a.6: MASE fails with an IndexError for every tensor of more than two dimensions.
BOOST_DATA_TEST_CASE(hardware_metadata_of_convolutions_has_all_dimensions,
                     data::make({"vgg7", "toy_convnet"}), model) {
  const json golden = golden_of(model);
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model(model, golden);
  bench.run("add_hardware_metadata", graph);
  int convolutions = 0;
  const json metadata = bench.metadata(graph);
  for (const auto& [name, all] : metadata.items()) {
    const json& common = all["common"];
    if (common["mase_op"] != "conv2d") continue;
    ++convolutions;
    const json& hardware = all["hardware"];
    BOOST_TEST(hardware["is_implicit"] == false);
    BOOST_TEST(hardware["toolchain"] == "HLS");
    BOOST_TEST(hardware["interface"]["weight"]["storage"] == "BRAM");
    const json& verilog = hardware["verilog_param"];
    const json& shape = common["args"]["data_in_0"]["shape"];
    BOOST_REQUIRE(shape.size() == 4U);
    for (std::size_t d = 0; d < 4; ++d) {
      const std::string at = std::to_string(d);
      BOOST_TEST(verilog["DATA_IN_0_TENSOR_SIZE_DIM_" + at] == shape[3 - d]);
      // 1 along the batch, 4 along the channels, of which there may be 3, 1 along height and width.
      const std::int64_t channels = shape[1];
      BOOST_TEST(verilog["DATA_IN_0_PARALLELISM_DIM_" + at] ==
                 (d == 2 ? std::min<std::int64_t>(4, channels) : 1));
      BOOST_TEST(verilog["WEIGHT_TENSOR_SIZE_DIM_" + at] ==
                 common["args"]["weight"]["shape"][3 - d]);
    }
    BOOST_TEST(verilog["DATA_OUT_0_PRECISION_0"] == 32);
  }
  BOOST_TEST(convolutions > 0);
}

BOOST_AUTO_TEST_CASE(hardware_metadata_has_literals_as_numbers_and_the_formats_widths) {
  const json golden = golden_of("toy_convnet");
  NotedBench bench = NotedBench::for_golden(golden);
  lathe::Graph graph = bench.golden_model("toy_convnet", golden);
  bench.run("quantize", graph,
            {{"by", "type"},
             {"conv2d", {{"name", "integer"}, {"weight_width", 6}, {"weight_frac_width", 3}}}});
  bench.run("add_hardware_metadata", graph);
  int literals = 0, widths = 0;
  const json metadata = bench.metadata(graph);
  for (const auto& [name, all] : metadata.items()) {
    const json verilog = all["hardware"].value("verilog_param", json::object());
    for (const auto& [key, value] : verilog.items()) {
      BOOST_TEST(!value.is_boolean(), name << " " << key);
      literals += key == "START_DIM" || key == "INPLACE" ? 1 : 0;
    }
    if (all["common"]["mase_op"] != "conv2d") continue;
    ++widths;
    BOOST_TEST(verilog["WEIGHT_PRECISION_0"] == 6);
    BOOST_TEST(verilog["WEIGHT_PRECISION_1"] == 3);
  }
  BOOST_TEST(widths > 0);
  BOOST_TEST_MESSAGE(literals << " literals");
}

BOOST_AUTO_TEST_CASE(a_note_that_contradicts_the_graph_is_named) {
  struct Row {
    std::string node, key;
    json value;
    std::vector<std::string> says;
  };
  const std::vector<Row> rows{
      {"seq_blocks_2",
       "common/args/data_in_0/shape",
       {8, 17},
       {"seq_blocks_2", "common/args/data_in_0/shape", "[8,17]", "[8, 16]", "'seq_blocks_1'"}},
      {"seq_blocks_2", "common/args/weight/type", "integer", {"'integer'", "'float'"}},
      {"seq_blocks_2", "common/args/weight/precision", {8, 4}, {"[8,4]", "[32]"}},
      {"seq_blocks_2", "common/args/weight", 5, {"common/args/weight is missing"}},
      {"seq_blocks_2", "common/results/data_out_1", {{"shape", {1}}}, {"more than one result"}},
      {"seq_blocks_1", "common/mase_op", "tanh", {"'tanh'", "'relu'"}},
      {"seq_blocks_1", "common/mase_type", "thing", {"'thing'", "no type"}},
      {"x", "hardware/is_implicit", "yes", {"hardware/is_implicit", "neither true nor false"}},
      {"output", "hardware/device_id", 1.5, {"hardware/device_id", "no integer"}},
  };
  for (const Row& row : rows) {
    NotedBench bench;
    lathe::Graph graph = bench.model("jsc-tiny");
    bench.set(graph, row.node, row.key, row.value);
    BOOST_TEST_CONTEXT(row.key) {
      fails_with(bench, graph, row.says);
      const lathe::PassReport report = bench.run("verify_metadata", graph, {{"strict", false}});
      BOOST_TEST(scalar(report, "problems") == 1);
      BOOST_TEST(table(report, "problems").rows[0][0].as_string() == row.node);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_fraction_outside_its_width_is_no_problem) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph,
            {{"by", "type"},
             {"linear", {{"name", "integer"}, {"weight_width", 8}, {"weight_frac_width", 12}}}});
  BOOST_TEST(scalar(bench.run("verify_metadata", graph), "problems") == 0);
}

BOOST_AUTO_TEST_CASE(metadata_holds_after_every_format) {
  for (const char* format : {"integer", "block_fp", "minifloat_ieee", "log", "binary", "ternary"}) {
    NotedBench bench;
    lathe::Graph graph = bench.model("jsc-toy");
    bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", format}}}});
    BOOST_TEST(scalar(bench.run("verify_metadata", graph), "problems") == 0, format);
    bench.run("add_hardware_metadata", graph);
  }
}

BOOST_AUTO_TEST_SUITE_END()
