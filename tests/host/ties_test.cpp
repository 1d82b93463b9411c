// A model that ties weights, through the draft service.
#include "tests/host/world.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

Graph built(const std::string& say) {
  RunContext context;
  static const Registry registry({}, {fixture("tied")});
  context.registry = &registry;
  const Component& model = registry.find(Kind::model, "tied");
  const Value options = check_options(model.options, Value(Value::Map{{"say", Value(say)}}));
  return build_model(model, options, {}, 2, 11, context);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tied_models)

BOOST_AUTO_TEST_CASE(what_a_model_ties_is_one_parameter) {
  const Graph graph = built("well");
  const Parameter& first = *graph.node(graph.find("first")).parameter("weight");
  const Parameter& last = *graph.node(graph.find("last")).parameter("weight");
  BOOST_TEST(last.qualified_name == "first.weight");
  BOOST_TEST(first.content == last.content);
  BOOST_TEST(graph.parameter_count() == 4 * 4 + 2 * 4);
  BOOST_TEST(graph.ties().at("last.weight") == "first.weight");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_tied_is_refused_by_name) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"late", {"model 'tied'", "before its first node"}},
      {"unknown", {"model 'tied'", "'last.weights'", "no parameter"}},
      {"shapes", {"first.weight", "[5, 4]", "[4, 4]"}},
  };
  for (const auto& [say, words] : cases) {
    const std::string text = message_of([&] { built(say); });
    for (const char* word : words) BOOST_TEST(contains(text, word), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
