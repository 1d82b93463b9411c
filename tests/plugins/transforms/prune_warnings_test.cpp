// What pruning says of weights and inputs that are no numbers.
#include "tests/plugins/transforms/calibrated.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace lathe_test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

lathe::Graph tiny_with(float odd) {
  std::vector<float> weight = draws(1, 16 * 5, 0.7);
  weight[3] = odd;
  return Workbench(4)
      .model("jsc-tiny")
      .with_parameters({{"seq_blocks.2.weight", tensor_of(weight, {5, 16})}});
}

}  // namespace

BOOST_AUTO_TEST_CASE(weights_that_are_no_numbers_are_told_of_by_node_and_kept) {
  for (const auto& [odd, word] : {std::pair(kNan, "NaN"), std::pair(-kInfinity, "infinity")}) {
    lathe::Graph graph = tiny_with(odd);
    const LogText log;
    Workbench(4).run("prune", graph, {{"weight", {{"sparsity", 0.95}}}});
    BOOST_TEST(log.text().find(std::string("node 'seq_blocks_2': its weight has ") + word) !=
                   std::string::npos,
               log.text());
    const lathe::Node& node = graph.node(graph.find(kLinear));
    BOOST_TEST(node.parameter("weight_mask")->content->tensor().values<float>()[3] == 1);
  }
}

BOOST_AUTO_TEST_CASE(inputs_that_are_no_numbers_are_told_of_by_node) {
  lathe::Graph graph = Workbench(4).model("jsc-tiny");
  StandIn engine;
  const NoData data;
  Workbench bench(4);
  std::vector<float> seen = draws(9, 4 * 16, 5.0);
  seen[7] = kNan;
  const lathe::NodeId layer = graph.find(kLinear);
  engine.seen = {{layer, lathe::operands_of(graph, layer)[0], tensor_of(seen, {4, 16})}};
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  const LogText log;
  bench.run("prune", graph, {{"activation", {{"sparsity", 0.25}, {"scope", "global"}}}});
  BOOST_TEST(log.text().find("node 'seq_blocks_2': its input has NaN") != std::string::npos,
             log.text());
}
