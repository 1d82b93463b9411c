// A model that says how its parameters begin, through the ABI.
#include "tests/host/world.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <span>

using namespace lathe;
using namespace lathe_test;

namespace {

Graph built(const std::string& say) {
  RunContext context;
  static const Registry registry({}, {fixture("initialised")});
  context.registry = &registry;
  const Component& model = registry.find(Kind::model, "initialised");
  const Value options = check_options(model.options, Value(Value::Map{{"say", Value(say)}}));
  return build_model(model, options, {}, 2, 11, context);
}

std::span<const float> contents(const Graph& graph, const char* node, const char* parameter) {
  return graph.node(graph.find(node)).parameter(parameter)->content->tensor().values<float>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initialisers)

BOOST_AUTO_TEST_CASE(parameters_begin_as_the_model_says) {
  const Graph graph = built("well");
  const auto weight = contents(graph, "fc", "weight");
  double square = 0.0;
  for (const float x : weight) square += double{x} * double{x};
  // 8000 elements: the standard error of the variance is 0.0004 * sqrt(2 / 8000) = 6.3e-6.
  BOOST_TEST(std::abs(square / static_cast<double>(weight.size()) - 0.0004) < 3e-5);
  for (const float x : contents(graph, "fc", "bias")) BOOST_REQUIRE((x >= 1.0f && x < 2.0f));
  for (const float x : contents(graph, "norm", "weight")) BOOST_REQUIRE(x == 0.5f);
  for (const float x : contents(graph, "norm", "bias")) BOOST_REQUIRE(x == 0.0f);  // PyTorch's
}

BOOST_AUTO_TEST_CASE(what_a_model_says_wrongly_is_refused_by_node_and_parameter) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"lacking", {"model 'initialised'", "'fc'", "'gamma'", "it has weight, bias"}},
      {"negative", {"'fc'", "'weight'", "negative standard deviation: -0.02"}},
      {"infinite", {"'fc'", "'bias'", "not finite"}},
      {"unknown", {"no initialiser 99", "'weight'", "use a newer host"}},
      {"twice", {"'fc'", "'weight' has two initialisers"}},
  };
  for (const auto& [say, words] : cases) {
    const std::string text = message_of([&] { built(say); });
    for (const char* word : words) BOOST_TEST(contains(text, word), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
