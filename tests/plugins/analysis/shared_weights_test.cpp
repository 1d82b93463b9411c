// Weights that several nodes use: counted once, worked with at each call, of one number format.
#include "tests/graph/models.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

// fc called twice, each time before act; then a head of five classes.
lathe::Graph reuse(std::int64_t batch = 1) {
  Writer w;
  w.input({16});
  for (int call = 0; call < 2; ++call) {
    w.linear("fc", 16, 16);
    w.relu("act", false);
  }
  w.linear("head", 16, 5);
  return w.finish(batch);
}

// fc, and a function that reads its weight as a tensor of the model.
lathe::Graph tied() {
  Writer w;
  w.input({16});
  const NodeId first = w.linear("fc", 16, 16);
  NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = "fc.weight";
  spec.attributes = Value(Value::Map{{"shape", Value::List{16, 16}}, {"buffer", false}});
  const NodeId weight = w.edit().add(std::move(spec));
  w.function("linear", {Argument{first}, Argument{weight}});
  return w.finish(1);
}

json weight_of(int width) { return {{"name", "integer"}, {"weight_width", width}}; }
json by_name(json entries) {
  entries["by"] = "name";
  return entries;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_weights)

// fc has 16 x 16 weights and 16 biases, the head 16 x 5 and 5.
BOOST_AUTO_TEST_CASE(a_layer_called_twice_has_its_parameters_once_and_its_work_twice) {
  Workbench bench(1);
  lathe::Graph graph = reuse();
  const lathe::PassReport report = bench.run("flops", graph);
  BOOST_TEST(scalar(report, "parameters") == 357);
  BOOST_TEST(scalar(report, "total_parameters") == 336);
  BOOST_TEST(scalar(report, "computations") == 2 * 256 + 2 * 16 + 80);
  BOOST_TEST(graph.parameter_count() == 357);
  BOOST_TEST(cell(table(report, "nodes"), "fc", "total_parameters").as_float() == 256);
  BOOST_TEST(cell(table(report, "nodes"), "fc_1", "total_parameters").as_float() == 0);
  BOOST_TEST(cell(table(report, "nodes"), "fc_1", "computations").as_float() == 256);
}

BOOST_AUTO_TEST_CASE(means_over_weights_count_it_once) {
  Workbench bench(1);
  lathe::Graph graph = reuse();
  bench.run("quantize", graph, by_name({{"fc", weight_of(4)}, {"fc_1", weight_of(4)}}));
  const lathe::PassReport report = bench.run("average_bitwidth", graph);
  const double expected = (256 * 4 + 80 * 32) / 336.0;  // 10.67
  BOOST_TEST(scalar(report, "average_bitwidth") == expected);
  BOOST_TEST(scalar(report, "memory_density") == 32 / expected);
  // Inputs are there at each call: 16 numbers of 32 bits, three times.
  BOOST_TEST(scalar(report, "data_average_bitwidth") == 32);
  // 256 products of 32 x 4 bits, summed in 32, at each call.
  const lathe::PassReport bitops = bench.run("bitops", graph);
  BOOST_TEST(scalar(bitops, "total_bitops") ==
             2 * 256 * (32 * 4 + 32) + 2 * 16 * 32 + 80 * (32 * 32 + 32));
}

BOOST_AUTO_TEST_CASE(a_weight_that_a_function_reads_is_the_modules) {
  Workbench bench(1);
  lathe::Graph graph = tied();
  const lathe::PassReport report = bench.run("flops", graph);
  BOOST_TEST(scalar(report, "parameters") == 16 * 16 + 16);
  BOOST_TEST(scalar(report, "total_parameters") == 256);
  BOOST_TEST(scalar(report, "computations") == 512);
  bench.run("quantize", graph, {{"by", "type"}, {"linear", weight_of(8)}});
  const lathe::PassReport width = bench.run("average_bitwidth", graph);
  BOOST_TEST(scalar(width, "average_bitwidth") == 8);
  BOOST_TEST(cell(table(width, "layers"), "fc", "weight_elements").as_int() == 256);
  BOOST_TEST(cell(table(width, "layers"), "linear", "weight_elements").as_int() == 0);
}

BOOST_AUTO_TEST_CASE(two_formats_of_one_weight_are_refused_with_both_nodes) {
  Workbench bench(1);
  lathe::Graph graph = reuse();
  const auto refused = [&](lathe::Graph& of, const json& options,
                           const std::vector<std::string>& says) {
    const lathe::ContentHash before = of.hash(of.output());
    std::string message;
    try {
      bench.run("quantize", of, options);
    } catch (const lathe::Error& error) {
      message = error.message();
    }
    for (const std::string& part : says)
      BOOST_TEST((message.find(part) != std::string::npos), part << " in: " << message);
    BOOST_TEST((of.hash(of.output()) == before));
  };
  refused(graph, by_name({{"fc", weight_of(4)}, {"fc_1", weight_of(8)}}),
          {"node 'fc' (linear)", "node 'fc_1' (linear)", "share 'fc.weight'", "two number formats",
           "width=4", "width=8"});
  refused(graph, by_name({{"fc", weight_of(4)}}),
          {"node 'fc' (linear)", "node 'fc_1' (linear)", "float"});
  lathe::Graph other = tied();
  refused(other, by_name({{"fc", weight_of(4)}, {"linear", weight_of(8)}}),
          {"node 'fc' (linear)", "share 'fc.weight'"});
}

BOOST_AUTO_TEST_CASE(inputs_of_calls_may_differ) {
  Workbench bench(1);
  lathe::Graph graph = reuse();
  bench.run("quantize", graph,
            by_name({{"fc", {{"name", "integer"}, {"data_in_width", 4}}},
                     {"fc_1", {{"name", "integer"}, {"data_in_width", 8}}}}));
  BOOST_TEST(graph.node(graph.find("fc")).format("data_in") != nullptr);
}

BOOST_AUTO_TEST_CASE(the_format_of_one_call_cannot_be_taken_away_alone) {
  Workbench bench(1);
  lathe::Graph graph = reuse();
  bench.run("quantize", graph, {{"by", "type"}, {"linear", weight_of(4)}});
  lathe::Transaction one(graph);
  one.clear_format(graph.find("fc"), "weight");
  BOOST_CHECK_THROW(one.commit(), lathe::Error);
  lathe::Transaction both(graph);
  both.clear_format(graph.find("fc"), "weight");
  both.clear_format(graph.find("fc_1"), "weight");
  both.commit();
  BOOST_TEST(graph.node(graph.find("fc_1")).format("weight") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
