// Lists of ops that plugins carry as static data, read before there is a graph, say what the op
// table says.
#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/node_rules.hpp"
#include "tests/graph/models.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <sstream>

using namespace lathe_test;

namespace {

std::set<std::string> targets(const char* pass) {
  const lathe::Component& component = built_plugins().find(lathe::Kind::pass, pass);
  std::istringstream text(component.as<lathe_pass>().targets);
  std::set<std::string> ops;
  for (std::string op; std::getline(text, op, '|');) ops.insert(op);
  return ops;
}

template <typename Wanted>
std::set<std::string> ops_that(Wanted wanted) {
  std::set<std::string> ops;
  for (const lathe::OpRow& row : lathe::builtin_ops().rows()) {
    if (wanted(row)) ops.insert(row.op);
  }
  return ops;
}

}  // namespace

BOOST_AUTO_TEST_CASE(quantize_acts_on_every_op_that_carries_formats) {
  const std::vector<std::string> ops =
      lathe::targets_of(built_plugins().find(lathe::Kind::pass, "quantize"));
  BOOST_TEST(std::set<std::string>(ops.begin(), ops.end()) ==
                 ops_that([](const lathe::OpRow& row) { return !row.quantizable.empty(); }),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(channel_multiplier_targets_every_layer_that_owns_channels) {
  BOOST_TEST(targets("channel_multiplier") == ops_that([](const lathe::OpRow& row) {
               return row.channels == LATHE_CHANNELS_LINEAR || row.channels == LATHE_CHANNELS_CONV;
             }),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_transposed_convolution_is_counted_and_quantized) {
  Writer w;
  w.input({2, 3, 3});
  w.module("up", "conv_transpose2d", {{"out_channels", 4}, {"kernel_size", 2}, {"stride", 2}});
  lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  // 18 numbers, each times 4 filters of 4.
  constexpr std::int64_t kProducts = 18 * 16;
  BOOST_TEST(scalar(bench.run("flops", graph), "computations") == kProducts);
  bench.run(
      "quantize", graph,
      {{"by", "type"},
       {"conv_transpose2d",
        {{"name", "integer"}, {"data_in_width", 8}, {"weight_width", 4}, {"bias_width", 6}}}});
  const lathe::Node& up = graph.node(graph.find("up"));
  for (const char* role : {"data_in", "weight", "bias"}) {
    BOOST_REQUIRE_MESSAGE(up.format(role) != nullptr, role);
    BOOST_TEST(up.format(role)->format == "integer");
  }
  BOOST_TEST(scalar(bench.run("bitops", graph), "total_bitops") == kProducts * (8 * 4 + 8));
  BOOST_TEST(scalar(bench.run("average_bitwidth", graph), "average_bitwidth") == 4.0);
}
