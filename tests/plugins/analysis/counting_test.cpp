// Counting passes against MASE's estimator and the numbers of seed 001.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

lathe::DatasetInfo data_of(const std::string& model) {
  if (model == "toy_convnet" || model == "vgg7") return samples_of({3, 32, 32}, 10);
  if (model.starts_with("toy")) return samples_of({1, 2, 2}, 2);
  return samples_of({16}, 5);
}

json linear_integer(int width, int frac_width) {
  json config = {{"name", "integer"}};
  for (const std::string role : {"data_in", "weight", "bias"}) {
    config[role + "_width"] = width;
    config[role + "_frac_width"] = frac_width;
  }
  return {{"by", "type"},
          {"default", {{"config", {{"name", nullptr}}}}},
          {"linear", {{"config", config}}}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(flops_per_node_are_those_of_the_estimator) {
  int checked = 0;
  const json golden_file = golden_json("flops.json");
  for (const json& golden : golden_file.at("models")) {
    const std::string id = golden.at("model");
    Workbench bench(golden.at("batch"));
    lathe::Graph graph = bench.model(id, json::object(), data_of(id));
    const lathe::PassReport report = bench.run("flops", graph);
    for (const json& row : golden.at("rows")) {
      if (row.at("result").is_null()) continue;  // the estimator knows no Conv1d [D]
      for (const char* column : {"total_parameters", "computations", "backward_computations",
                                 "input_buffer_size", "output_buffer_size"}) {
        BOOST_TEST(cell(table(report, "nodes"), row.at("node"), column).as_float() ==
                       row.at("result").at(column).get<double>(),
                   id << " " << row.at("node") << " " << column);
      }
      ++checked;
    }
  }
  BOOST_TEST_MESSAGE("flops.json: " << checked << " nodes");
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(flops_in_total_are_those_of_the_estimator) {
  int checked = 0;
  const json golden_file = golden_json("flops.json");
  for (const json& golden : golden_file.at("models")) {
    const std::string id = golden.at("model");
    // toy_convnet's totals lack its Conv1d layers [D]; its rows are compared one by one.
    if (id == "toy_convnet") continue;
    Workbench bench(golden.at("batch"));
    lathe::Graph graph = bench.model(id, json::object(), data_of(id));
    const lathe::PassReport report = bench.run("flops", graph);
    for (const auto& [name, value] : golden.at("totals").items()) {
      BOOST_TEST(scalar(report, name) == value.get<double>(), id << " " << name);
    }
    ++checked;
  }
  BOOST_TEST_MESSAGE("flops.json: totals of " << checked << " models");
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(jsc_tiny_counts_as_seed_001_counted_it) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport flops = bench.run("flops", graph);
  BOOST_TEST(scalar(flops, "total_flops") == 1320);
  BOOST_TEST(scalar(flops, "parameters") == 117);
  BOOST_TEST(scalar(bench.run("bitops", graph), "total_bitops") == 1205504);

  bench.run("quantize", graph, linear_integer(8, 4));
  const lathe::PassReport quantized = bench.run("flops", graph);
  BOOST_TEST(scalar(quantized, "total_flops") == 680);
  BOOST_TEST(scalar(quantized, "computations") == 1320);
  BOOST_TEST(scalar(bench.run("bitops", graph), "total_bitops") == 575744);
}

BOOST_AUTO_TEST_CASE(larger_jet_networks_count_as_the_seed_counts_them) {
  Workbench bench(8);
  lathe::Graph toy = bench.model("jsc-toy"), s = bench.model("jsc-s");
  BOOST_TEST(scalar(bench.run("flops", toy), "total_flops") == 3336);
  BOOST_TEST(scalar(bench.run("bitops", toy), "total_bitops") == 3181824);
  BOOST_TEST(scalar(bench.run("flops", s), "total_flops") == 46408);
  BOOST_TEST(scalar(bench.run("bitops", s), "total_bitops") == 47437056);
}

BOOST_AUTO_TEST_CASE(convolutions_count_in_bit_operations) {
  // Seed 001 left conv2d out [D]; conv1d counts as linear does (docs/mase.md, Costs).
  Workbench bench(2);
  lathe::Graph graph = bench.model("toy_convnet", json::object(), data_of("toy_convnet"));
  const lathe::PassReport report = bench.run("bitops", graph);
  // 2 x 8 x 32 x 32 outputs of 3 x 3 x 3 products each.
  BOOST_TEST(cell(table(report, "nodes"), "block_1_0", "bitops").as_float() ==
             442368.0 * (32 * 32 + 32));
  BOOST_TEST(cell(table(report, "nodes"), "block_3_0", "bitops").as_float() ==
             2.0 * 32 * 256 * 48 * (32 * 32 + 32));
  BOOST_TEST(cell(table(report, "nodes"), "view", "bitops").as_float() == 0);
}

BOOST_AUTO_TEST_CASE(bitops_of_a_node_are_its_own) {
  // Seed 001 stored the running total in each node [D].
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport report = bench.run("bitops", graph);
  double sum = 0;
  const lathe::ReportTable& nodes = table(report, "nodes");
  for (const auto& row : nodes.rows) sum += cell(nodes, row[0].as_string(), "bitops").as_float();
  BOOST_TEST(sum == scalar(report, "total_bitops"));
  BOOST_TEST(cell(table(report, "nodes"), "seq_blocks_3", "bitops").as_float() == 1280);
}

BOOST_AUTO_TEST_CASE(layers_that_are_not_quantized_weigh_32_bits) {
  // MASE's average ignored them: one 4-bit layer among floats gave 4.0 [D].
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-toy");
  BOOST_TEST(scalar(bench.run("average_bitwidth", graph), "average_bitwidth") == 32);
  json options = linear_integer(4, 2);
  options["by"] = "name";
  options["seq_blocks_5"] = options["linear"];
  options.erase("linear");
  bench.run("quantize", graph, options);
  const lathe::PassReport report = bench.run("average_bitwidth", graph);
  const double expected = (128 * 32 + 64 * 4 + 40 * 32) / 232.0;
  BOOST_TEST(scalar(report, "average_bitwidth") == expected);
  BOOST_TEST(scalar(report, "memory_density") == 32 / expected);
}

BOOST_AUTO_TEST_CASE(the_average_width_counts_convolutions) {
  Workbench bench(2);
  lathe::Graph graph = bench.model("toy_convnet", json::object(), data_of("toy_convnet"));
  json options = linear_integer(8, 4);
  options["conv1d"] = options["conv2d"] = options["linear"];
  bench.run("quantize", graph, options);
  BOOST_TEST(scalar(bench.run("average_bitwidth", graph), "average_bitwidth") == 8);
}

// 16 inputs share an exponent of 8 bits; layers of 8 inputs have blocks of 8.
BOOST_AUTO_TEST_CASE(exponents_that_blocks_share_count_by_each_layers_own_shape) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-toy");
  const json linear = {{"name", "block_fp"},
                       {"weight_width", 4},
                       {"weight_exponent_width", 8},
                       {"weight_block_size", {1, 16}}};
  bench.run("quantize", graph,
            {{"by", "type"}, {"default", {{"name", nullptr}}}, {"linear", linear}});
  const auto average = [&](const char* counting) {
    return scalar(bench.run("average_bitwidth", graph, {{"counting", counting}}),
                  "average_bitwidth");
  };
  BOOST_TEST(average("storage") == (128 * 4.5 + 104 * 5) / 232.0);
  BOOST_TEST(average("width") == 4);
}

BOOST_AUTO_TEST_CASE(storage_and_width_of_fixed_point_are_one) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph, linear_integer(6, 3));
  for (const char* counting : {"storage", "width"}) {
    const json options = {{"counting", counting}};
    BOOST_TEST(scalar(bench.run("average_bitwidth", graph, options), "average_bitwidth") == 6);
  }
}

BOOST_AUTO_TEST_CASE(memory_density_compares_with_what_it_is_told_to) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph, linear_integer(8, 4));
  const json options = {{"compare_to", 16}};
  BOOST_TEST(scalar(bench.run("average_bitwidth", graph, options), "memory_density") == 2);
  BOOST_CHECK_THROW(bench.run("average_bitwidth", graph, {{"compare_to", 0}}), lathe::Error);
}

BOOST_AUTO_TEST_CASE(counting_changes_nothing) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-toy");
  const lathe::ContentHash before = graph.hash(graph.output());
  for (const char* pass : {"flops", "bitops", "average_bitwidth", "report_graph"}) {
    bench.run(pass, graph);
  }
  BOOST_TEST((graph.hash(graph.output()) == before));
  BOOST_TEST(graph.epoch() == Workbench(8).model("jsc-toy").epoch());
}
