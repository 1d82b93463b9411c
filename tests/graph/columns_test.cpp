// What copies of a graph share: columns that hold for both are one, and those of an edited copy
// tell what its nodes tell.

#include "tests/graph/models.hpp"

#include "core/graph/transaction.hpp"

#include <boost/test/unit_test.hpp>

using lathe::Graph;
using lathe::NodeId;
using lathe::Transaction;
using lathe::Value;
using lathe_test::jsc_toy;

namespace {

// Every column against the nodes themselves.
void check_columns(const Graph& graph) {
  const auto edges = graph.edges();
  const auto texts = graph.texts();
  const auto results = graph.results();
  BOOST_TEST_REQUIRE(edges->alive.size() == graph.slots());
  BOOST_TEST_REQUIRE(texts->name.size() == graph.slots());
  BOOST_TEST_REQUIRE(results->dtype.size() == graph.slots());
  for (std::uint32_t i = 0; i < graph.slots(); ++i) {
    const NodeId id{i};
    const auto cell = [](lathe_str text) { return std::string_view(text.data, text.size); };
    BOOST_TEST((edges->alive[i] != 0) == graph.alive(id));
    if (!graph.alive(id)) {
      BOOST_TEST(cell(texts->name[i]) == "");
      BOOST_TEST(edges->inputs_of(id).empty());
      continue;
    }
    const lathe::Node& node = graph.node(id);
    BOOST_TEST(cell(texts->name[i]) == node.name);
    BOOST_TEST(cell(texts->target[i]) == node.target);
    BOOST_TEST(cell(texts->op[i]) == node.op);
    std::vector<NodeId> inputs;
    for (const std::uint32_t input : edges->inputs_of(id)) inputs.push_back(NodeId{input});
    BOOST_TEST((inputs == node.inputs()));
    const std::vector<std::int64_t> shape(results->shape.begin() + results->shape_begin[i],
                                          results->shape.begin() + results->shape_begin[i + 1]);
    BOOST_TEST(shape == node.result.shape.dims(), boost::test_tools::per_element());
    BOOST_TEST((graph.find(node.name) == id));
  }
}

// Which of the groups two graphs share.
std::string shared(const Graph& a, const Graph& b) {
  return std::string(a.edges() == b.edges() ? "edges " : "") +
         (a.texts() == b.texts() ? "texts " : "") + (a.results() == b.results() ? "results" : "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(columns)

BOOST_AUTO_TEST_CASE(an_edit_makes_only_those_columns_that_no_longer_hold) {
  const Graph graph = jsc_toy();
  const NodeId norm = graph.find("seq_blocks_0"), linear = graph.find("seq_blocks_2"),
               act = graph.find("seq_blocks_1");
  check_columns(graph);
  const auto edited = [&](const auto& edit) {
    Graph copy = graph;
    Transaction transaction(copy);
    edit(transaction);
    transaction.commit();
    check_columns(copy);
    return shared(graph, copy);
  };
  BOOST_TEST(edited([](Transaction&) {}) == "edges texts results");
  BOOST_TEST(edited([&](Transaction& t) { t.set_attribute(norm, "eps", 0.5); }) ==
             "edges texts results");
  BOOST_TEST(edited([&](Transaction& t) { t.set_attribute(linear, "bias", false); }) ==
             "edges texts results");
  BOOST_TEST(edited([&](Transaction& t) { t.rename(norm, "first"); }) == "edges results");
  BOOST_TEST(edited([&](Transaction& t) { t.replace_uses(act, norm); }) == "texts results");
  BOOST_TEST(edited([&](Transaction& t) { t.set_attribute(graph.find("x"), "batch", 3); }) ==
             "edges texts ");
  BOOST_TEST(edited([&](Transaction& t) {
               t.replace_uses(act, norm);
               t.remove(act);
             }) == "");
  check_columns(graph);
}

BOOST_AUTO_TEST_CASE(a_dropped_transaction_leaves_the_columns_shared) {
  const Graph graph = jsc_toy();
  Graph copy = graph;
  {
    Transaction transaction(copy);
    transaction.replace_uses(graph.find("seq_blocks_1"), graph.find("seq_blocks_0"));
    transaction.remove(graph.find("seq_blocks_1"));
    transaction.rename(graph.find("seq_blocks_0"), "first");
  }
  BOOST_TEST(shared(graph, copy) == "edges texts results");
  check_columns(copy);
}

// Copies that nobody has looked at share what is not made yet.
BOOST_AUTO_TEST_CASE(columns_made_late_are_those_of_the_graph_they_are_made_for) {
  Graph graph = jsc_toy();
  const Graph before = graph;
  Transaction transaction(graph);
  transaction.replace_uses(graph.find("seq_blocks_1"), graph.find("seq_blocks_0"));
  transaction.remove(graph.find("seq_blocks_1"));
  transaction.set_attribute(graph.find("x"), "batch", 3);
  transaction.commit();
  check_columns(graph);
  check_columns(before);
}

BOOST_AUTO_TEST_CASE(nodes_that_are_alike_share_their_attributes) {
  Graph graph = jsc_toy();
  std::vector<NodeId> relus;
  for (NodeId id : graph.order()) {
    if (graph.node(id).op == "relu") relus.push_back(id);
  }
  BOOST_TEST_REQUIRE(relus.size() > 1u);
  BOOST_TEST(&graph.attributes(relus[0]) == &graph.attributes(relus[1]));
  Transaction transaction(graph);
  transaction.set_attribute(relus[0], "inplace", false);
  transaction.commit();
  BOOST_TEST(!graph.attributes(relus[0]).find("inplace")->as_bool());
  BOOST_TEST(graph.attributes(relus[1]).find("inplace")->as_bool());
}

BOOST_AUTO_TEST_CASE(layers_that_take_turns_share_their_attributes_too) {
  lathe_test::Writer w;
  w.input({8});
  std::vector<NodeId> up, down;
  for (int i = 0; i < 3; ++i) {
    up.push_back(w.linear("up." + std::to_string(i), 8, 16));
    down.push_back(w.linear("down." + std::to_string(i), 16, 8));
  }
  const Graph graph = w.finish(1);
  for (const std::vector<NodeId>& layers : {up, down}) {
    BOOST_TEST(&graph.attributes(layers[0]) == &graph.attributes(layers[1]));
    BOOST_TEST(&graph.attributes(layers[0]) == &graph.attributes(layers[2]));
  }
  BOOST_TEST(&graph.attributes(up[0]) != &graph.attributes(down[0]));
}

BOOST_AUTO_TEST_CASE(nodes_that_are_given_equal_formats_share_them_until_one_is_edited) {
  Graph graph = jsc_toy();
  const NodeId one = graph.find("seq_blocks_2"), other = graph.find("seq_blocks_5");
  const auto edit = [&](const auto& body) {
    Transaction transaction(graph);
    body(transaction);
    transaction.commit();
  };
  const auto integer = [](const char* role, double bits) {
    lathe::OperandFormat format{role, "integer", Value(Value::Map{}), Value(Value::List{}), ""};
    format.saved_bits = bits;
    return format;
  };
  const auto formats = [&](NodeId id) -> const auto& { return graph.node(id).formats; };
  edit([&](Transaction& t) {
    for (const NodeId id : {one, other}) {
      t.set_format(id, integer("weight", 8));
      t.set_format(id, integer("data_in", 4));
    }
  });
  BOOST_TEST_REQUIRE(formats(one).size() == 2U);
  BOOST_TEST(formats(one)[0].role == "data_in");
  BOOST_TEST(formats(one)[1].saved_bits == 8);
  BOOST_TEST(formats(one).data() == formats(other).data());
  edit([&](Transaction& t) { t.set_format(one, integer("weight", 2)); });
  BOOST_TEST(formats(one)[1].saved_bits == 2);
  BOOST_TEST(formats(other)[1].saved_bits == 8);
  edit([&](Transaction& t) {
    t.clear_format(one, "data_in");
    t.clear_format(other, "weight");
    t.clear_format(other, "data_in");
  });
  BOOST_TEST_REQUIRE(formats(one).size() == 1U);
  BOOST_TEST(formats(one)[0].role == "weight");
  BOOST_TEST(formats(other).empty());
}

BOOST_AUTO_TEST_CASE(editing_an_attribute_copies_no_node_and_its_hash_follows) {
  Graph graph = jsc_toy();
  const Graph before = graph;
  const NodeId norm = graph.find("seq_blocks_0");
  BOOST_TEST_REQUIRE(graph.node(norm).op == "batch_norm1d");
  const auto set_eps = [&](double eps) {
    Transaction transaction(graph);
    transaction.set_attribute(norm, "eps", eps);
    transaction.commit();
  };
  const auto hash = before.hash(before.output());
  set_eps(0.5);
  BOOST_TEST(&graph.node(norm) == &before.node(norm));
  BOOST_TEST((graph.hash(graph.output()) != hash));
  set_eps(before.attributes(norm).find("eps")->as_float());
  BOOST_TEST((graph.hash(graph.output()) == hash));
}

BOOST_AUTO_TEST_SUITE_END()
