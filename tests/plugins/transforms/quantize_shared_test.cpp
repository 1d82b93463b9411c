// Calibration of a module that several nodes call.
#include "core/graph/operands.hpp"
#include "tests/graph/models.hpp"
#include "tests/plugins/transforms/calibrated.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(a_module_that_is_called_twice_has_one_choice_for_its_weight) {
  Writer w;
  w.input({16});
  w.linear("fc", 16, 16);
  w.linear("fc", 16, 16);
  const lathe::Graph graph =
      w.finish(4).with_parameters({{"fc.weight", tensor_of(draws(41, 256, 0.4), {16, 16})}});
  StandIn engine;
  NoData data;
  Workbench bench{4};
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  double scale = 1.0;
  for (const char* call : {"fc", "fc_1"}) {
    for (const lathe::Operand& operand : lathe::operands_of(graph, graph.find(call))) {
      if (operand.kind != LATHE_OPERAND_INPUT) continue;
      engine.seen.push_back({graph.find(call), operand, tensor_of(draws(42, 64, scale), {4, 16})});
    }
    scale *= 100.0;
  }
  for (const char* method : {"range", "percentile", "mse", "entropy"}) {
    lathe::Graph quantized = graph;
    bench.run("quantize", quantized,
              {{"by", "type"},
               {"linear",
                {{"data_in", {{"name", "integer"}}},
                 {"weight", {{"name", "affine"}, {"width", 4}, {"axis", 0}}}}},
               {"calibration", method}});
    const auto options = [&](const char* call, const char* role) {
      return quantized.node(quantized.find(call)).format(role)->options;
    };
    BOOST_TEST((options("fc", "weight") == options("fc_1", "weight")), method);
    BOOST_TEST(options("fc", "data_in").find("frac_width")->as_int() >
                   options("fc_1", "data_in").find("frac_width")->as_int(),
               method);
  }
}
