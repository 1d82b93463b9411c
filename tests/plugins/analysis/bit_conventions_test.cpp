// Product BOPs, Baskin's, and the bits of memory, by hand.
#include "tests/graph/models.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace lathe_test;

json integer(int data_in, int weight) {
  return {{"name", "integer"}, {"data_in_width", data_in}, {"weight_width", weight}};
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

}  // namespace

BOOST_AUTO_TEST_SUITE(bit_conventions)

// 12 outputs of 10 products each.
BOOST_AUTO_TEST_CASE(a_linear_layer_in_8_and_4_bits) {
  Writer w;
  w.input({10});
  w.linear("fc", 10, 4);
  w.relu("act", false);
  lathe::Graph graph = w.finish(3);
  Workbench bench(3);
  bench.run("quantize", graph, {{"by", "type"}, {"linear", integer(8, 4)}});
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "product_bops") == 120 * 32);
  BOOST_TEST(close(scalar(report, "baskin_bops"), 120 * (32 + 8 + 4 + std::log2(10.0))));
  BOOST_TEST(scalar(report, "weight_memory_bits") == 40 * 4);
  // The bias is none of it, and neither is what relu makes.
  BOOST_TEST(scalar(report, "activation_memory_bits") == 12 * 32);
  BOOST_TEST(cell(table(report, "nodes"), "act", "product_bops").as_float() == 0);
}

// 4 channels in 2 groups: 32 outputs of 2 * 9 products.
BOOST_AUTO_TEST_CASE(a_grouped_convolution_adds_the_products_of_its_group) {
  Writer w;
  w.input({4, 4, 4});
  w.module("c", "conv2d",
           {{"in_channels", 4}, {"out_channels", 8}, {"kernel_size", 3}, {"groups", 2}});
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  bench.run("quantize", graph, {{"by", "type"}, {"conv2d", integer(2, 3)}});
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "product_bops") == 32 * 18 * 6);
  BOOST_TEST(close(scalar(report, "baskin_bops"), 32 * 18 * (6 + 2 + 3 + std::log2(18.0))));
  BOOST_TEST(scalar(report, "weight_memory_bits") == 8 * 18 * 3);
}

// A sum of a transposed convolution has at most in_channels * k * k products.
BOOST_AUTO_TEST_CASE(a_transposed_convolution) {
  Writer w;
  w.input({2, 3, 3});
  w.module("up", "conv_transpose2d",
           {{"in_channels", 2}, {"out_channels", 4}, {"kernel_size", 2}, {"stride", 2}});
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "product_bops") == 288 * 1024);
  BOOST_TEST(close(scalar(report, "baskin_bops"), 288 * (1024 + 64 + std::log2(8.0))));
}

BOOST_AUTO_TEST_CASE(floats_weigh_1024_a_product) {
  // HAWQ's table counts float32 so.
  Workbench bench(1);
  lathe::Graph graph = bench.model("resnet18");
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "product_bops") == 1'814'073'344.0 * 1024);
}

BOOST_AUTO_TEST_CASE(a_weight_that_two_calls_use_is_kept_once) {
  Writer w;
  w.input({16});
  w.linear("fc", 16, 16);
  w.linear("fc", 16, 16);
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "weight_memory_bits") == 256 * 32);
  BOOST_TEST(scalar(report, "activation_memory_bits") == 2 * 16 * 32);
  BOOST_TEST(scalar(report, "product_bops") == 2 * 256 * 1024);
}

BOOST_AUTO_TEST_CASE(a_product_of_two_activations_keeps_no_weight) {
  Writer w;
  const NodeId x = w.input({4, 4});
  w.function("matmul", {{x}, {x}});
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  const lathe::PassReport report = bench.run("bitops", graph);
  BOOST_TEST(scalar(report, "weight_memory_bits") == 0);
  BOOST_TEST(scalar(report, "product_bops") == 64 * 1024);
  BOOST_TEST(close(scalar(report, "baskin_bops"), 64 * (1024 + 64 + 2.0)));
}

BOOST_AUTO_TEST_CASE(a_function_keeps_the_tensor_of_the_model_that_it_reads) {
  Writer w;
  const NodeId x = w.input({4});
  NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = "w";
  spec.attributes = Value(Value::Map{{"shape", Value::List{2, 4}}, {"buffer", false}});
  const NodeId weight = w.edit().add(std::move(spec));
  w.function("linear", {{x}, {weight}});
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  BOOST_TEST(scalar(bench.run("bitops", graph), "weight_memory_bits") == 8 * 32);
}

BOOST_AUTO_TEST_SUITE_END()
