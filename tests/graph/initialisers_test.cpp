// Initialisers that whoever adds a node chooses: they stay with the node as long as it has the
// parameter.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/io/json.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>

using namespace lathe_test;
using lathe::ChosenInitialiser;
using lathe::Initialiser;
using lathe::Node;
using lathe::Parameter;
using lathe::Tensor;
using Kind = lathe::Initialiser::Kind;

namespace {

NodeId linear_with(Writer& w, const std::string& target, int in, int out,
                   std::vector<ChosenInitialiser> initialisers) {
  NodeSpec spec;
  spec.op = "linear";
  spec.target = target;
  spec.args = {Argument{w.last()}};
  spec.attributes = Value(Value::Map{{"in_features", in}, {"out_features", out}});
  spec.initialisers = std::move(initialisers);
  return w.edit().add(std::move(spec));
}

Graph fc_with(std::vector<ChosenInitialiser> initialisers, std::uint64_t seed = 0) {
  Writer w(seed);
  w.input({4});
  linear_with(w, "fc", 4, 3, std::move(initialisers));
  return w.finish(2);
}

const Parameter& parameter(const Graph& graph, const std::string& node, const char* name) {
  return *graph.node(graph.find(node)).parameter(name);
}

std::vector<float> contents(const Graph& graph, const std::string& node, const char* name) {
  const auto values = parameter(graph, node, name).content->tensor().values<float>();
  return {values.begin(), values.end()};
}

bool all_are(const std::vector<float>& values, float wanted) {
  return std::ranges::all_of(values, [&](float x) { return x == wanted; });
}

void set(Graph& graph, const char* key, Value value) {
  Transaction edit(graph);
  edit.set_attribute(graph.find("fc"), key, std::move(value));
  edit.commit();
}

const ChosenInitialiser kSeven{"weight", {Kind::constant, 7.0}};
const ChosenInitialiser kTwo{"bias", {Kind::constant, 2.0}};

}  // namespace

BOOST_AUTO_TEST_SUITE(chosen_initialisers)

BOOST_AUTO_TEST_CASE(one_takes_the_place_of_its_parameters_own_and_of_no_other) {
  const Graph plain = fc_with({});
  const Graph graph = fc_with({kSeven});
  BOOST_TEST(all_are(contents(graph, "fc", "weight"), 7.0f));
  BOOST_TEST(contents(graph, "fc", "bias") == contents(plain, "fc", "bias"));
  BOOST_TEST(!parameter(graph, "fc", "weight").content->trained());
  lathe::verify(graph);
}

// The contents of a law are a function of seed and name, as those of the op's own are.
BOOST_AUTO_TEST_CASE(random_contents_are_keyed_by_seed_and_name) {
  const ChosenInitialiser normal{"weight", {Kind::normal, 1.0, 0.5}};
  const auto weight = [&](std::uint64_t seed) {
    return contents(fc_with({normal}, seed), "fc", "weight");
  };
  BOOST_TEST(weight(3) == weight(3));
  BOOST_TEST(weight(3) != weight(4));
  const Tensor expected =
      lathe::initialise({Kind::normal, 1.0, 0.5}, lathe::DType::float32, {3, 4}, 3, "fc.weight");
  BOOST_TEST(weight(3) ==
             std::vector<float>(expected.values<float>().begin(), expected.values<float>().end()));
}

BOOST_AUTO_TEST_CASE(graphs_that_begin_otherwise_hash_otherwise) {
  const Graph plain = fc_with({}), seven = fc_with({kSeven});
  const Graph eight = fc_with({{"weight", {Kind::constant, 8.0}}});
  const auto hash = [](const Graph& graph) { return graph.hash(graph.find("fc")); };
  BOOST_TEST((hash(plain) != hash(seven)));
  BOOST_TEST((hash(seven) != hash(eight)));
  BOOST_TEST((hash(seven) == hash(fc_with({kSeven}))));
}

BOOST_AUTO_TEST_CASE(a_parameter_whose_shape_changes_starts_afresh_by_the_same_law) {
  Graph graph = fc_with({kSeven}).with_parameters(
      {{"fc.weight", Tensor::make(lathe::DType::float32, {3, 4}, [](auto) {})}});
  BOOST_TEST(all_are(contents(graph, "fc", "weight"), 0.0f));
  set(graph, "out_features", 6);
  BOOST_TEST(parameter(graph, "fc", "weight").shape.text() == "[6, 4]");
  BOOST_TEST(all_are(contents(graph, "fc", "weight"), 7.0f));
  set(graph, "out_features", 2);
  BOOST_TEST(all_are(contents(graph, "fc", "weight"), 7.0f));
  lathe::verify(graph);
}

BOOST_AUTO_TEST_CASE(copies_share_what_was_made_and_edits_leave_it) {
  const Graph graph = fc_with({kSeven});
  Graph copy = graph;
  set(copy, "out_features", 5);
  BOOST_TEST(contents(graph, "fc", "weight").size() == 12u);
  BOOST_TEST(contents(copy, "fc", "weight").size() == 20u);
  BOOST_TEST(all_are(contents(copy, "fc", "weight"), 7.0f));
  BOOST_TEST(graph.with_batch(9).node(graph.find("fc")).parameter("weight")->content ==
             parameter(graph, "fc", "weight").content);
}

BOOST_AUTO_TEST_CASE(one_goes_with_its_parameter) {
  Graph graph = fc_with({kSeven, kTwo});
  BOOST_TEST(all_are(contents(graph, "fc", "bias"), 2.0f));
  set(graph, "bias", false);
  BOOST_TEST((graph.node(graph.find("fc")).parameter("bias") == nullptr));
  set(graph, "bias", true);
  BOOST_TEST(contents(graph, "fc", "bias") == contents(fc_with({}), "fc", "bias"));
  BOOST_TEST(all_are(contents(graph, "fc", "weight"), 7.0f));
}

BOOST_AUTO_TEST_CASE(a_saved_graph_keeps_them) {
  const Graph graph = fc_with({kSeven, {"bias", {Kind::uniform, -0.125, 3.5}}}, 5);
  const Value json = lathe::graph_to_json(graph);
  Graph again = lathe::graph_from_json(json, 5);
  BOOST_TEST(lathe::graph_to_json(again).text() == json.text());
  BOOST_TEST(contents(again, "fc", "weight") == contents(graph, "fc", "weight"));
  BOOST_TEST(contents(again, "fc", "bias") == contents(graph, "fc", "bias"));
  set(again, "out_features", 8);
  BOOST_TEST(all_are(contents(again, "fc", "weight"), 7.0f));
}

BOOST_AUTO_TEST_CASE(a_graph_file_with_an_unknown_law_is_refused) {
  Value json = lathe::graph_to_json(fc_with({kSeven}));
  Value& node = json.find_to_write("nodes")->as_list()[1];
  node.find_to_write("initialisers")->as_list()[0].set("kind", "kaiming");
  BOOST_TEST(
      mentions(refusal([&] { lathe::graph_from_json(json, 0); }), {"no initialiser 'kaiming'"}));
}

BOOST_AUTO_TEST_CASE(nodes_that_share_a_module_share_it_whoever_chose) {
  for (const bool first : {true, false}) {
    Writer w;
    w.input({4});
    const std::vector<ChosenInitialiser> none, seven{kSeven};
    const NodeId a = linear_with(w, "fc", 4, 4, first ? seven : none);
    const NodeId b = linear_with(w, "fc", 4, 4, first ? none : seven);
    w.function("add", {{a}, {b}});
    const Graph graph = w.finish(1);
    BOOST_TEST(all_are(contents(graph, "fc", "weight"), 7.0f));
    BOOST_TEST(parameter(graph, "fc", "weight").content ==
               parameter(graph, "fc_1", "weight").content);
  }
  BOOST_TEST(mentions(refusal([] {
                        Writer w;
                        w.input({4});
                        linear_with(w, "fc", 4, 4, {kSeven});
                        linear_with(w, "fc", 4, 4, {{"weight", {Kind::constant, 8.0}}});
                        w.finish(1);
                      }),
                      {"'fc_1'", "'fc.weight'", "another initialiser"}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused_with_the_node_and_the_parameter) {
  const auto refused = [](ChosenInitialiser chosen) { return refusal([&] { fc_with({chosen}); }); };
  BOOST_TEST(mentions(refused({"wieght", {}}), {"'fc'", "'wieght'", "it has weight, bias"}));
  BOOST_TEST(mentions(refused({"weight", {Kind::normal, 0.0, -1.0}}),
                      {"'fc'", "'weight'", "negative standard deviation: -1"}));
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(
      mentions(refused({"bias", {Kind::constant, infinity}}), {"'fc'", "'bias'", "not finite"}));
  BOOST_TEST(mentions(refusal([] { fc_with({kSeven, kSeven}); }),
                      {"'fc'", "'weight' has two initialisers"}));
}

BOOST_AUTO_TEST_SUITE_END()
