// Every counting convention, by hand on single layers: docs/counting.md has the rules.
#include "tests/graph/models.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace {

using namespace lathe_test;

// Forward counts of a node in the order MASE, MACs, FlopCounterMode, fvcore, ptflops, calflops.
using Row = std::array<double, 6>;
constexpr std::array<const char*, 6> kColumns{"computations", "macs",    "flop_counter",
                                              "fvcore",       "ptflops", "calflops"};

lathe::PassReport flops(lathe::Graph graph) {
  Workbench bench(1);
  return bench.run("flops", graph);
}

double count(const lathe::PassReport& report, const std::string& node, const std::string& column) {
  return cell(table(report, "nodes_forward"), node, column).as_float();
}

void check(const lathe::Graph& graph, const std::string& node, const Row& expected) {
  const lathe::PassReport report = flops(graph);
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    BOOST_TEST(count(report, node, kColumns[i]) == expected[i], node << " " << kColumns[i]);
  }
}

// One layer "it" on samples of that shape.
void check_layer(Value::List sample, std::int64_t batch, const std::string& op,
                 Value::Map attributes, const Row& expected) {
  BOOST_TEST_CONTEXT(op) {
    Writer w;
    w.input(std::move(sample));
    w.module("it", op, std::move(attributes));
    check(w.finish(batch), "it", expected);
  }
}

// A node of the model's own, read as a tensor.
NodeId constant(Writer& w, const char* name, Value::List shape) {
  NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = name;
  spec.attributes = Value(Value::Map{{"shape", std::move(shape)}, {"buffer", false}});
  return w.edit().add(std::move(spec));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conventions)

// PyTorch's own test: (2, 3, 6, 6) with 6 filters of 3 x 4 x 4, padding 1, is 28,800 FLOPs.
BOOST_AUTO_TEST_CASE(a_convolution) {
  const Value::Map filters{
      {"in_channels", 3}, {"out_channels", 6}, {"kernel_size", 4}, {"padding", 1}};
  constexpr double kMacs = 2.0 * 6 * 5 * 5 * 48, kOutputs = 2.0 * 6 * 5 * 5;
  check_layer({3, 6, 6}, 2, "conv2d", filters,
              {kMacs, kMacs, 28800, kMacs, kMacs + kOutputs, 28800 + kOutputs});
  Value::Map bare = filters;
  bare.emplace_back("bias", false);
  check_layer({3, 6, 6}, 2, "conv2d", bare, {kMacs, kMacs, 28800, kMacs, kMacs, 28800});
}

// [D] MASE's estimator ignores groups: a window is 3 * 5 * (4 / 2) = 30, and there are 128.
BOOST_AUTO_TEST_CASE(a_grouped_convolution) {
  const Value::Map filters{{"in_channels", 4},
                           {"out_channels", 8},
                           {"kernel_size", Value::List{3, 5}},
                           {"stride", 2},
                           {"groups", 2}};
  check_layer({4, 9, 11}, 1, "conv2d", filters, {3840, 3840, 7680, 3840, 3968, 7808});
}

// [D] unknown to MASE's estimator: 48 outputs of 9 products.
BOOST_AUTO_TEST_CASE(a_convolution_in_one_dimension) {
  check_layer({3, 8}, 2, "conv1d", {{"in_channels", 3}, {"out_channels", 4}, {"kernel_size", 3}},
              {432, 432, 864, 432, 480, 912});
}

// 18 numbers, each times 16 numbers of the filters; ptflops counts 16 windows at 36 positions.
BOOST_AUTO_TEST_CASE(a_transposed_convolution) {
  check_layer({2, 3, 3}, 1, "conv_transpose2d",
              {{"in_channels", 2}, {"out_channels", 4}, {"kernel_size", 2}, {"stride", 2}},
              {288, 288, 576, 288, 288 * 4 + 144, 576 + 144});
}

// [D] ptflops adds the bias of a linear layer once for the whole batch: 21 here, not 7.
BOOST_AUTO_TEST_CASE(a_linear_layer) {
  check_layer({10}, 3, "linear", {{"in_features", 10}, {"out_features", 7}},
              {210, 210, 420, 210, 231, 420});
  check_layer({10}, 3, "linear", {{"in_features", 10}, {"out_features", 7}, {"bias", false}},
              {210, 210, 420, 210, 210, 420});
  // Every row of [batch, rows, features] is one.
  check_layer({5, 10}, 2, "linear", {{"in_features", 10}, {"out_features", 7}},
              {700, 700, 1400, 700, 770, 1400});
}

BOOST_AUTO_TEST_CASE(normalisations) {
  check_layer({6, 4}, 2, "batch_norm1d", {{"num_features", 6}}, {192, 0, 0, 96, 96, 96});
  check_layer({6}, 8, "batch_norm1d", {{"num_features", 6}, {"affine", false}},
              {192, 0, 0, 48, 48, 48});
  check_layer({6, 2, 2}, 2, "batch_norm2d", {{"num_features", 6}}, {192, 0, 0, 96, 96, 96});
  check_layer({12}, 2, "layer_norm", {{"normalized_shape", 12}}, {120, 0, 0, 120, 24, 120});
  check_layer({12}, 2, "layer_norm", {{"normalized_shape", 12}, {"elementwise_affine", false}},
              {120, 0, 0, 96, 24, 96});
}

BOOST_AUTO_TEST_CASE(functions_of_one_element) {
  for (const char* op : {"relu", "relu6", "leaky_relu", "silu", "gelu"}) {
    check_layer({5}, 2, op, {}, {10, 0, 0, 0, 10, 10});
  }
  for (const char* op : {"tanh", "sigmoid", "hardtanh", "hardswish", "hardsigmoid", "selu",
                         "softplus", "softsign"}) {
    check_layer({5}, 2, op, {}, {10, 0, 0, 0, 0, 0});
  }
  check_layer({5}, 2, "softmax", {{"dim", 1}}, {10, 0, 0, 0, 10, 10});
}

BOOST_AUTO_TEST_CASE(pools) {
  check_layer({3, 4, 6}, 1, "avg_pool2d", {{"kernel_size", 2}}, {72, 0, 0, 0, 72, 72});
  check_layer({3, 5, 5}, 1, "max_pool2d", {{"kernel_size", 3}, {"stride", 2}},
              {108, 0, 0, 0, 75, 75});
  check_layer({3, 8}, 1, "max_pool1d", {{"kernel_size", 2}}, {24, 0, 0, 0, 24, 24});
  check_layer({3, 4, 4}, 2, "adaptive_avg_pool2d", {{"output_size", 1}}, {96, 0, 0, 96, 96, 96});
  check_layer({3, 4}, 2, "adaptive_avg_pool1d", {{"output_size", 1}}, {24, 0, 0, 0, 24, 24});
  check_layer({3, 4, 4}, 2, "adaptive_max_pool2d", {{"output_size", 1}}, {96, 0, 0, 0, 96, 96});
}

BOOST_AUTO_TEST_CASE(what_moves_numbers_costs_nothing) {
  for (const char* op : {"flatten", "dropout", "identity"}) {
    check_layer({3, 4}, 2, op, {}, {0, 0, 0, 0, 0, 0});
  }
}

BOOST_AUTO_TEST_CASE(sums_and_products_of_elements) {
  for (const char* op : {"add", "mul", "sub"}) {
    Writer w;
    const NodeId x = w.input({5});
    w.function(op, {{x}, {x}});
    // calflops knows torch.add and torch.mul alone.
    const double calflops = op == std::string("sub") ? 0 : 10;
    check(w.finish(2), op, {10, 0, 0, 0, 0, calflops});
  }
  Writer w;
  w.input({5});
  w.function("mean", {{w.last()}, {Value(1)}});
  check(w.finish(2), "mean", {10, 0, 0, 0, 0, 0});
}

// PyTorch's own tests: 4 x 5 times 5 x 6 is 240 FLOPs, three of them are 720.
BOOST_AUTO_TEST_CASE(products_of_matrices) {
  Writer w;
  const NodeId x = w.input({5});
  const NodeId weight = constant(w, "w", {5, 6});
  w.function("matmul", {{x}, {weight}});
  check(w.finish(4), "matmul", {120, 120, 240, 120, 120, 240});

  Writer b;
  const NodeId left = b.input({4, 5});
  const NodeId right = b.placeholder("y", {{"shape", Value::List{5, 6}}});
  b.function("bmm", {{left}, {right}});
  check(b.finish(3), "bmm", {360, 360, 720, 360, 360, 720});
}

BOOST_AUTO_TEST_CASE(counts_of_eight_samples_are_eight_times_those_of_one) {
  for (const char* model : {"toy_convnet", "resnet20", "jsc-toy"}) {
    Workbench one(1), eight(8);
    lathe::Graph single = one.model(model), batch = eight.model(model);
    const lathe::PassReport first = one.run("flops", single), all = eight.run("flops", batch);
    for (const auto& [name, value] : first.scalars) {
      const bool of_parameters = name.ends_with("parameters");
      BOOST_TEST(scalar(all, name) == (of_parameters ? 1 : 8) * value.as_float(),
                 model << " " << name);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_module_that_is_called_twice_works_twice) {
  Writer w;
  w.input({16});
  for (int call = 0; call < 2; ++call) {
    w.linear("fc", 16, 16);
    w.relu("act", false);
  }
  const lathe::PassReport report = flops(w.finish(1));
  BOOST_TEST(scalar(report, "macs") == 512);
  BOOST_TEST(scalar(report, "ptflops") == 512 + 32 + 32);
  BOOST_TEST(scalar(report, "parameters") == 272);
  BOOST_TEST(count(report, "act_1", "ptflops") == 16);
}

BOOST_AUTO_TEST_CASE(totals_are_the_sums_of_the_nodes_and_stand_side_by_side) {
  Workbench bench(2);
  lathe::Graph graph = bench.model("toy_convnet");
  const lathe::PassReport report = bench.run("flops", graph);
  const std::pair<const char*, const char*> conventions[] = {
      {"MASE", "computations"},
      {"MACs", "macs"},
      {"fvcore", "fvcore"},
      {"torch FlopCounterMode", "flop_counter"},
      {"ptflops", "ptflops"},
      {"calflops", "calflops"},
      {"calflops MACs", "calflops_macs"}};
  for (const auto& [name, column] : conventions) {
    double sum = 0;
    const lathe::ReportTable& nodes = table(report, "nodes_forward");
    for (const auto& row : nodes.rows) {
      sum += cell(nodes, row[0].as_string(), column).as_float();
    }
    BOOST_TEST(sum == scalar(report, column), name);
    BOOST_TEST(cell(table(report, "conventions"), name, "forward").as_float() == sum, name);
  }
  const lathe::ReportTable& totals = table(report, "conventions");
  for (const char* name : {"MACs", "fvcore", "ptflops"}) {
    BOOST_TEST(cell(totals, name, "backward").is_none());
  }
  BOOST_TEST(scalar(report, "calflops_backward") == 2 * scalar(report, "calflops"));
  BOOST_TEST(scalar(report, "calflops_macs_backward") == 2 * scalar(report, "macs"));
}

BOOST_AUTO_TEST_CASE(quantized_layers_work_as_much) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.run("quantize", graph, {{"by", "type"}, {"linear", {{"name", "integer"}}}});
  const lathe::PassReport report = bench.run("flops", graph);
  BOOST_TEST(scalar(report, "total_flops") == 680);
  BOOST_TEST(scalar(report, "macs") == 640);
  BOOST_TEST(scalar(report, "flop_counter") == 1280);
}

BOOST_AUTO_TEST_SUITE_END()
