// Networks of attention as PyTorch users write them (golden/own_networks): all weights that are
// multiplied count, those of attention and those that functions read.
#include "tests/plugins/workbench.hpp"

#include "core/base/json.hpp"
#include "core/graph/io/json.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace lathe_test;

lathe::Graph saved(const std::string& net) {
  std::ifstream in(golden("own_networks") / "torch" / net / "graph.json");
  return lathe::graph_from_json(lathe::value_of(lathe::Json::parse(in)), 0);
}

lathe::Graph quantized(const std::string& net, const std::string& op, int weight_width) {
  lathe::Graph graph = saved(net);
  Workbench(graph.batch())
      .run("quantize", graph,
           {{"by", "type"},
            {op, {{"name", "integer"}, {"data_in_width", 8}, {"weight_width", weight_width}}}});
  return graph;
}

void check_close(double found, double wanted) {
  BOOST_TEST(std::abs(found - wanted) <= 1e-9 * wanted, found << " is not " << wanted);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention_counts)

// Two layers of attention [96, 32] and [32, 32], four of [128, 32], and a classifier of 3 x 32.
BOOST_AUTO_TEST_CASE(projections_of_attention_are_weights) {
  constexpr double kAttention = 2 * (96 * 32 + 32 * 32), kAll = kAttention + 4 * 128 * 32 + 96;
  lathe::Graph graph = quantized("encoder", "multi_head_attention", 2);
  Workbench bench(graph.batch());
  const lathe::PassReport average = bench.run("average_bitwidth", graph);
  check_close(scalar(average, "average_bitwidth"),
              (2 * kAttention + 32 * (kAll - kAttention)) / kAll);
  BOOST_TEST(cell(table(average, "layers"), "layers_0_attention", "weight_elements").as_int() ==
             static_cast<std::int64_t>(kAttention / 2));
  const lathe::PassReport bits = bench.run("bitops", graph);
  BOOST_TEST(scalar(bits, "weight_memory_bits") == 2 * kAttention + 32 * (kAll - kAttention));
  // What attention makes: its output [2, 12, 32] and its weights [2, 12, 12].
  BOOST_TEST(
      cell(table(bits, "nodes"), "layers_0_attention", "activation_memory_bits").as_float() ==
      32 * (2 * 12 * 32 + 2 * 12 * 12));
}

// Two layers of [32, 96], [32, 32], [32, 128] and [128, 32], which addmm reads, and the head.
BOOST_AUTO_TEST_CASE(weights_that_functions_read_count) {
  constexpr double kRead = 2 * 32 * (96 + 32 + 128 + 128), kHead = 80 * 32;
  lathe::Graph graph = quantized("gpt", "addmm", 4);
  Workbench bench(graph.batch());
  check_close(scalar(bench.run("average_bitwidth", graph), "average_bitwidth"),
              (4 * kRead + 32 * kHead) / (kRead + kHead));
  BOOST_TEST(scalar(bench.run("bitops", graph), "weight_memory_bits") == 4 * kRead + 32 * kHead);
}

BOOST_AUTO_TEST_SUITE_END()
