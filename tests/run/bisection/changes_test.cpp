// What two graphs differ in, and graphs that mix them.
#include "core/run/bisection/changes.hpp"

#include "core/graph/transaction.hpp"
#include "tests/engine/engine.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;
using lathe::run::Change;
using lathe::run::changes_between;

namespace {

const std::pair<std::string, std::string> kNames{"a.toml", "b.toml"};

json widths(int width) {
  return {{"data_in_width", width}, {"data_in_frac_width", 2}, {"weight_width", width},
          {"weight_frac_width", 1}, {"bias_width", width},     {"bias_frac_width", 1}};
}

Graph mixed(const Graph& a, const Graph& b, const std::vector<Change>& changes,
            const std::vector<std::size_t>& chosen) {
  std::vector<const Change*> taken;
  for (const std::size_t i : chosen) taken.push_back(&changes[i]);
  return lathe::run::with_changes(a, b, taken);
}

lathe::ContentHash hash(const Graph& graph) { return graph.hash(graph.output()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(changes_of_graphs)

BOOST_AUTO_TEST_CASE(a_graph_differs_from_itself_in_nothing) {
  const Graph graph = jsc_toy(8);
  BOOST_TEST(changes_between(graph, graph, kNames).empty());
  BOOST_TEST(changes_between(graph, jsc_toy(8), kNames).empty());
  const Graph quantized_one = quantized(graph, nodes_of(graph, "linear"), widths(8));
  const Graph quantized_too = quantized(jsc_toy(8), nodes_of(graph, "linear"), widths(8));
  BOOST_TEST(changes_between(quantized_one, quantized_too, kNames).empty());
}

BOOST_AUTO_TEST_CASE(formats_are_told_operand_by_operand) {
  const Graph graph = jsc_toy(8);
  const std::vector<NodeId> linear = nodes_of(graph, "linear");
  const Graph eight = quantized(graph, linear, widths(8));
  const auto changes = changes_between(graph, eight, kNames);
  BOOST_REQUIRE_EQUAL(changes.size(), linear.size());
  BOOST_TEST(changes[0].nodes.front() == graph.node(linear[0]).name);
  BOOST_REQUIRE_EQUAL(changes[0].parts.size(), 3U);
  BOOST_TEST(changes[0].parts[1].what == "weight");
  BOOST_TEST(changes[0].parts[1].from == "float");
  BOOST_TEST(contains(changes[0].parts[1].to, "integer<width=8,frac_width=1"),
             changes[0].parts[1].to);
}

BOOST_AUTO_TEST_CASE(all_changes_together_make_the_other_graph) {
  const Graph graph = jsc_toy(8);
  const Graph eight = quantized(graph, nodes_of(graph, "linear"), widths(8));
  const Graph four = quantized(graph, nodes_of(graph, "linear"), widths(4));
  const auto named = graph.parameters()[0];
  const Graph trained = with_contents(
      four, {{named.parameter->qualified_name,
              std::vector<float>(static_cast<std::size_t>(named.parameter->shape.numel()), 0.5F)}});
  for (const auto& [from, to] : {std::pair(graph, eight), std::pair(eight, graph),
                                 std::pair(eight, four), std::pair(graph, trained)}) {
    const auto changes = changes_between(from, to, kNames);
    std::vector<std::size_t> all(changes.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    BOOST_TEST((hash(mixed(from, to, changes, all)) == hash(to)));
    BOOST_TEST((hash(mixed(from, to, changes, {})) == hash(from)));
  }
}

BOOST_AUTO_TEST_CASE(one_change_leaves_the_other_nodes_as_they_are) {
  const Graph graph = jsc_toy(8);
  const std::vector<NodeId> linear = nodes_of(graph, "linear");
  const Graph eight = quantized(graph, linear, widths(8));
  const auto changes = changes_between(graph, eight, kNames);
  const Graph one = mixed(graph, eight, changes, {1});
  for (std::size_t i = 0; i < linear.size(); ++i)
    BOOST_TEST(one.node(linear[i]).formats.empty() == (i != 1));
  BOOST_TEST((hash(one) == hash(quantized(graph, {linear[1]}, widths(8)))));
}

BOOST_AUTO_TEST_CASE(contents_and_how_far_they_are_apart_are_told) {
  const Graph graph = jsc_toy(8);
  const auto named = graph.parameters()[2];
  const std::vector<float> before = contents_of(graph, named.parameter->qualified_name);
  std::vector<float> after = before;
  after[0] += 0.25F;
  const Graph other = with_contents(graph, {{named.parameter->qualified_name, after}});
  const auto changes = changes_between(graph, other, kNames);
  BOOST_REQUIRE_EQUAL(changes.size(), 1U);
  BOOST_TEST(changes[0].parts[0].what == "parameter " + named.parameter->name);
  BOOST_TEST(contains(changes[0].parts[0].to, "; at most 0.25 away"), changes[0].parts[0].to);
}

BOOST_AUTO_TEST_CASE(masks_come_and_go_with_their_node) {
  const Graph graph = jsc_toy(8);
  const NodeId linear = nodes_of(graph, "linear")[1];
  const Shape shape = graph.node(linear).parameter("weight")->shape;
  std::vector<float> mask(static_cast<std::size_t>(shape.numel()), 1.0F);
  mask[0] = mask[5] = 0;
  Graph pruned = graph;
  Transaction edit(pruned);
  edit.set_mask(linear, "weight", floats(shape, mask));
  edit.commit();
  for (const auto& [from, to] : {std::pair(graph, pruned), std::pair(pruned, graph)}) {
    const auto changes = changes_between(from, to, kNames);
    BOOST_REQUIRE_EQUAL(changes.size(), 1U);
    BOOST_TEST(changes[0].parts[0].what == "mask of weight");
    const Graph taken = mixed(from, to, changes, {0});
    const auto found = taken.node(linear).parameter("weight")->content->tensor().values<float>();
    const auto expected = to.node(linear).parameter("weight")->content->tensor().values<float>();
    BOOST_TEST(found == expected, boost::test_tools::per_element());
    BOOST_TEST(taken.node(linear).masks.size() == to.node(linear).masks.size());
  }
  const auto changes = changes_between(graph, pruned, kNames);
  BOOST_TEST(changes[0].parts[0].to == "62 of 64 kept");
}

BOOST_AUTO_TEST_CASE(networks_of_other_nodes_or_shapes_are_refused_by_name) {
  const auto refused = [](const Graph& a, const Graph& b) {
    return message_of([&] { changes_between(a, b, kNames); });
  };
  const std::string other = refused(jsc_toy(8), jsc_s(8));
  BOOST_TEST(contains(other, "only a.toml has 'seq_blocks_0'"), other);
  BOOST_TEST(contains(other, "only b.toml has 'module_list_0'"), other);
  const auto network = [](int hidden, const char* activation) {
    Writer w(1);
    w.input({3});
    w.linear("fc1", 3, hidden);
    w.module("act", activation);
    w.linear("fc2", hidden, 2);
    return w.finish(2);
  };
  const std::string wider = refused(network(4, "relu"), network(8, "relu"));
  BOOST_TEST(contains(wider, "'fc1' has the shape [2, 4] in a.toml and [2, 8] in b.toml"), wider);
  const std::string op = refused(network(4, "relu"), network(4, "tanh"));
  BOOST_TEST(contains(op, "'act' is relu in a.toml and tanh in b.toml"), op);
}

BOOST_AUTO_TEST_SUITE_END()
