// Tied weights: one parameter under two names, in memory and in the JSON form.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/io/json.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using lathe::Graph;
using lathe::Value;
using lathe_test::mentions;
using lathe_test::refusal;
using lathe_test::Transaction;
using lathe_test::Writer;

namespace {

// Three layers of one shape, whose weights are tied as `tied` says.
Value network(Value::Map tied) {
  Writer w;
  w.input({4});
  for (const char* name : {"a", "b", "c"}) w.linear(name, 4, 4);
  Value json = graph_to_json(w.finish(1));
  json.set("tied", std::move(tied));
  return json;
}

Graph tied() {
  return lathe::graph_from_json(network({{"b.weight", "a.weight"}, {"c.weight", "a.weight"}}), 3);
}

const lathe::Parameter& weight(const Graph& graph, const char* node) {
  return *graph.node(graph.find(node)).parameter("weight");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ties)

BOOST_AUTO_TEST_CASE(tied_weights_are_one_parameter) {
  const Graph graph = tied();
  BOOST_TEST(graph.parameter_count() == 4 * 4 + 3 * 4);
  for (const char* node : {"b", "c"}) {
    BOOST_TEST(weight(graph, node).qualified_name == "a.weight");
    BOOST_TEST(weight(graph, node).content == weight(graph, "a").content);
  }
  BOOST_TEST(graph_to_json(graph).find("tied")->text() ==
             R"({"b.weight"=a.weight, "c.weight"=a.weight})");
  verify(graph.with_batch(5));
}

BOOST_AUTO_TEST_CASE(where_the_one_that_keeps_the_contents_is_removed_the_next_keeps_them) {
  Graph graph = tied();
  const auto content = weight(graph, "a").content;
  Transaction edit(graph);
  edit.replace_uses(graph.find("a"), graph.find("x"));
  edit.remove(graph.find("a"));
  edit.commit();
  verify(graph);
  for (const char* node : {"b", "c"}) {
    BOOST_TEST(weight(graph, node).qualified_name == "b.weight");
    BOOST_TEST(weight(graph, node).content == content);
  }
  BOOST_TEST(graph_to_json(graph).find("tied")->text() == R"({"c.weight"=b.weight})");
}

BOOST_AUTO_TEST_CASE(a_name_goes_with_its_node) {
  Graph graph = tied();
  Transaction edit(graph);
  edit.replace_uses(graph.find("c"), graph.find("b"));
  edit.remove(graph.find("c"));
  edit.commit();
  BOOST_TEST(graph_to_json(graph).find("tied")->text() == R"({"b.weight"=a.weight})");
}

BOOST_AUTO_TEST_CASE(ties_that_cannot_be_are_refused) {
  const auto refused = [](Value::Map tied) {
    return refusal([&] { lathe::graph_from_json(network(std::move(tied)), 0); });
  };
  BOOST_TEST(mentions(refused({{"d.weight", "a.weight"}}), {"'d.weight'", "no parameter"}));
  BOOST_TEST(mentions(refused({{"b.weight", "d.weight"}}), {"no parameter 'd.weight'"}));
  BOOST_TEST(mentions(refused({{"b.weight", "a.weight"}, {"c.weight", "b.weight"}}),
                      {"'c.weight'", "tied itself"}));
  BOOST_TEST(mentions(refused({{"b.bias", "a.weight"}}), {"a.weight", "shape"}));
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_texts_in_the_form) {
  Writer w;
  const auto x = w.input({4});
  w.function("mul", {{x}, {Value(-std::numeric_limits<double>::infinity())}});
  w.function("clamp", {{w.last()}, {Value("-inf")}, {Value("inf")}});
  w.module("act", "hardtanh", {{"max_val", std::numeric_limits<double>::infinity()}});
  const Value json = graph_to_json(w.finish(1));
  BOOST_TEST(json.find("nodes")->as_list()[1].find("args")->text() ==
             "[{node=x}, {value=\"-inf\"}]");
  const Graph read = lathe::graph_from_json(json, 0);
  BOOST_TEST((graph_to_json(read) == json));
  BOOST_TEST(read.attributes(read.find("act")).find("max_val")->as_float() ==
             std::numeric_limits<double>::infinity());
  BOOST_TEST(read.attributes(read.find("clamp")).find("min")->as_float() ==
             -std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_SUITE_END()
