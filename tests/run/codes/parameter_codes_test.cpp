// Codes of a network's weights: values made of them are what a program computes with.
#include "core/run/codes/parameter_codes.hpp"

#include "core/graph/transaction.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/run/quantizer.hpp"
#include "tests/graph/models.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace lathe;
using namespace lathe_test;

namespace {

struct Networks {
  Registry registry{{}, {fixture("line"), fixture("halves"), fixture("tries_formats")}};
  RunContext context;

  Networks() { context.registry = &registry; }

  // blocks_0 is a linear layer whose weight is of shape [3, 4].
  Graph with(const std::string& format) {
    DatasetInfo info;
    info.fields = {{"samples", LATHE_FIELD_INPUT, DType::float32, {4}, true, 0, {}}};
    const Component& line = registry.find(Kind::model, "line");
    Graph graph =
        build_model(line, check_options(line.options, Value(Value::Map{})), info, 2, 7, context);
    const NodeId id = graph.find("blocks_0");
    Transaction edit(graph);
    edit.set_format(id, operand_format(registry, format, nullptr, "weight", graph.node(id),
                                       *graph.node(id).row));
    edit.commit();
    return graph;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(parameter_codes)

BOOST_AUTO_TEST_CASE(values_of_codes_are_what_the_format_makes_of_the_weight) {
  Networks networks;
  const Graph graph = networks.with("grid");
  const auto coded = run::parameter_codes(networks.registry, graph);
  BOOST_REQUIRE(coded.size() == 1U);
  BOOST_TEST(coded[0].name == "blocks.0.weight");
  BOOST_REQUIRE(coded[0].codes.has_value());
  const NodeId id = graph.find("blocks_0");
  const Parameter& weight = *graph.node(id).parameter("weight");
  std::vector<float> expected(12);
  run::quantizer_of(networks.registry, graph, id, "weight")
      .quantize(weight.content->tensor().values<float>().data(), expected.data(),
                weight.shape.dims(), false, {graph.seed(), 0});
  BOOST_TEST(coded[0].codes->values() == expected, boost::test_tools::per_element());
  BOOST_TEST(coded[0].codes->blocks().text() == "[3, 1]");
}

// Two functions read one weight of the model: it is written once, unless what their formats keep
// of it differs.
BOOST_AUTO_TEST_CASE(a_weight_that_functions_share_has_codes_once) {
  Networks networks;
  Writer w;
  const NodeId x = w.input({4});
  NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = "weight";
  spec.attributes = Value(Value::Map{{"shape", Value::List{4, 4}}, {"buffer", false}});
  const NodeId weight = w.edit().add(std::move(spec));
  const NodeId first = w.function("linear", {{x}, {weight}});
  const NodeId second = w.function("linear", {{first}, {weight}});
  Graph graph = w.finish(2);
  Transaction edit(graph);
  for (const NodeId id : {first, second}) {
    edit.set_format(id, operand_format(networks.registry, "grid", nullptr, "weight", graph.node(id),
                                       *graph.node(id).row));
  }
  edit.commit();
  const auto coded = run::parameter_codes(networks.registry, graph);
  BOOST_REQUIRE(coded.size() == 1U);
  BOOST_TEST(coded[0].name == "weight");
  const std::vector<float> gain(4, 7.0F);
  Transaction other(graph);
  other.set_parameter(second, "weight_quantizer.gain",
                      Tensor::of<float>(DType::float32, Shape{4}, gain));
  other.commit();
  const std::string message = message_of([&] { run::parameter_codes(networks.registry, graph); });
  BOOST_TEST(contains(message, "'weight' (node 'linear_1' (linear))"), message);
  BOOST_TEST(contains(message, "the state of their number formats differs"), message);
}

BOOST_AUTO_TEST_CASE(a_format_without_codes_gives_values_and_the_reason) {
  Networks networks;
  const auto coded = run::parameter_codes(networks.registry, networks.with("halves"));
  BOOST_REQUIRE(coded.size() == 1U);
  BOOST_TEST(!coded[0].codes.has_value());
  BOOST_TEST(coded[0].why_none == "format 'halves' has no integer codes");
  for (const float value : coded[0].values.values<float>()) {
    BOOST_TEST(2 * value == std::nearbyint(2 * value));
  }
}

BOOST_AUTO_TEST_CASE(a_weight_that_has_no_code_is_named) {
  Networks networks;
  Graph graph = networks.with("grid");
  std::vector<float> numbers(12, 1.0F);
  numbers[7] = std::nanf("");
  Transaction edit(graph);
  edit.set_parameter(graph.find("blocks_0"), "weight",
                     Tensor::of<float>(DType::float32, Shape{3, 4}, numbers));
  edit.commit();
  const std::string message = message_of([&] { run::parameter_codes(networks.registry, graph); });
  BOOST_TEST(contains(message, "'blocks.0.weight' (node 'blocks_0' (linear))"), message);
  BOOST_TEST(contains(message, "NaN has no code"), message);
}

BOOST_AUTO_TEST_SUITE_END()
