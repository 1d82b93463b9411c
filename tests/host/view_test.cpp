// Views of graphs, values across the ABI, symbols.
#include "core/graph/columns/symbols.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/graph/transaction.hpp"
#include "core/host/services/graph_view.hpp"
#include "core/mase/metadata.hpp"
#include "tests/host/world.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

// x -> relu -> relu -> ... -> output
Graph chain(int length) {
  Graph graph(0);
  Transaction t(graph);
  NodeSpec x;
  x.opcode = Opcode::placeholder;
  x.op = "placeholder";
  x.target = "x";
  x.attributes = Value(Value::Map{{"shape", Value::List{Value(4)}}});
  NodeId last = t.add(x);
  for (int i = 0; i < length; ++i) {
    NodeSpec relu;
    relu.opcode = Opcode::call_module;
    relu.op = "relu";
    relu.target = fmt::format("blocks.{}", i);
    relu.args = {Argument{last}};
    last = t.add(relu);
  }
  NodeSpec output;
  output.opcode = Opcode::output;
  output.op = output.target = "output";
  output.args = {Argument{last}};
  t.add(output);
  t.commit();
  return graph;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(columns_say_what_the_graph_says) {
  World world;
  const Graph graph = world.graph();
  GraphView view(graph);
  const lathe_graph_view& v = view.columns();
  BOOST_REQUIRE_EQUAL(v.live_count, 4);
  BOOST_REQUIRE_EQUAL(v.node_count, graph.slots());
  BOOST_TEST(v.dialect == static_cast<std::uint32_t>(kDialectVersion));
  for (std::uint32_t i = 0; i < v.live_count; ++i) {
    const std::uint32_t id = v.order[i];
    const Node& node = graph.node(NodeId{id});
    BOOST_TEST((graph.order()[i] == NodeId{id}));
    BOOST_TEST(v.alive[id] == 1);
    BOOST_TEST(view_of(v.name[id]) == node.name);
    BOOST_TEST(view_of(v.target[id]) == node.target);
    BOOST_TEST(view_of(v.op_text[id]) == node.op);
    BOOST_TEST(symbol_text(v.op[id]) == node.op);
    BOOST_TEST(v.opcode[id] == static_cast<lathe_opcode>(node.opcode));
    BOOST_TEST(v.dtype[id] == static_cast<lathe_dtype>(node.result.dtype));
    const auto inputs = node.inputs();
    BOOST_REQUIRE_EQUAL(v.input_begin[id + 1] - v.input_begin[id], inputs.size());
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      BOOST_TEST(v.inputs[v.input_begin[id] + k] == index_of(inputs[k]));
    }
    const auto users = graph.users(NodeId{id});
    BOOST_REQUIRE_EQUAL(v.use_begin[id + 1] - v.use_begin[id], users.size());
    for (std::size_t k = 0; k < users.size(); ++k) {
      BOOST_TEST(v.uses[v.use_begin[id] + k] == index_of(users[k]));
    }
    const auto& dims = node.result.shape.dims();
    BOOST_TEST(std::vector<std::int64_t>(v.shape + v.shape_begin[id],
                                         v.shape + v.shape_begin[id + 1]) == dims,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(removed_nodes_are_rows_that_are_not_alive) {
  Graph graph = chain(3);
  const NodeId middle = graph.find("blocks_1");
  Transaction t(graph);
  t.replace_uses(middle, graph.find("blocks_0"));
  t.remove(middle);
  t.commit();
  GraphView view(graph);
  const lathe_graph_view& v = view.columns();
  BOOST_TEST(v.live_count == 4);
  BOOST_TEST(v.node_count == 5);
  BOOST_TEST(v.alive[index_of(middle)] == 0);
  BOOST_TEST(v.name[index_of(middle)].size == 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_reads_another_twice_uses_it_once) {
  Graph graph(0);
  Transaction t(graph);
  NodeSpec x;
  x.opcode = Opcode::placeholder;
  x.op = "placeholder";
  x.target = "x";
  x.attributes = Value(Value::Map{{"shape", Value::List{Value(4)}}});
  const NodeId in = t.add(x);
  NodeSpec add;
  add.opcode = Opcode::call_function;
  add.op = add.target = "add";
  add.args = {Argument{in}, Argument{in}};
  const NodeId sum = t.add(add);
  NodeSpec output;
  output.opcode = Opcode::output;
  output.op = output.target = "output";
  output.args = {Argument{sum}};
  t.add(output);
  t.commit();
  GraphView view(graph);
  const lathe_graph_view& v = view.columns();
  BOOST_TEST(v.input_begin[index_of(sum) + 1] - v.input_begin[index_of(sum)] == 2u);
  BOOST_TEST(v.use_begin[index_of(in) + 1] - v.use_begin[index_of(in)] == 1u);
}

BOOST_AUTO_TEST_CASE(operands_attributes_and_metadata_are_trees) {
  World world;
  const Graph graph = world.graph();
  GraphView view(graph);
  const NodeId linear = graph.find("blocks_0");
  const lathe_profile& profile = view.profile(linear);
  const std::span operands(profile.operands, profile.operand_count);
  std::string names;
  for (const lathe_operand& o : operands) names += std::string(view_of(o.name)) + " ";
  BOOST_TEST(names == "data_in_0 weight bias data_out_0 ");
  BOOST_TEST(operands[1].numel == 12);
  BOOST_TEST(operands[1].precision_count == 1u);
  BOOST_TEST(operands[1].precision[0].as.integer == 32);
  const Value attributes = from_abi(*view.attributes(linear));
  BOOST_TEST(attributes.find("in_features")->as_int() == 4);
  const Value metadata = from_abi(*view.metadata(linear));
  BOOST_TEST(metadata.find("common") != nullptr);
  BOOST_TEST((metadata == node_metadata(graph, linear)));
  BOOST_TEST(view.attributes(linear) == view.attributes(linear));  // kept
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_nodes_are_viewed_quickly) {
  const Graph graph = chain(100000);
  double best = 1;
  for (int i = 0; i < 10; ++i) {
    const double start = cpu_seconds();
    const GraphView view(graph);
    best = std::min(best, cpu_seconds() - start);
    BOOST_REQUIRE_EQUAL(view.columns().live_count, 100002);
  }
  BOOST_TEST_MESSAGE("view of 100,002 nodes: " << best * 1e3 << " ms");
  BOOST_TEST(best < 0.1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(abi_values)

BOOST_AUTO_TEST_CASE(values_survive_the_way_there_and_back) {
  const Value value(Value::Map{{"none", Value()},
                               {"flag", true},
                               {"count", std::int64_t{1} << 60},
                               {"ratio", 0.1},
                               {"text", "a\tb"},
                               {"empty", ""},
                               {"list", Value::List{Value(1), Value("x"), Value(Value::List{})}},
                               {"map", Value::Map{{"z", 1}, {"a", 2}}}});
  std::pmr::monotonic_buffer_resource memory;
  BOOST_TEST((from_abi(to_abi(value, memory)) == value));
}

BOOST_AUTO_TEST_CASE(what_is_no_value_is_refused) {
  lathe_value v{};
  v.kind = 99;
  BOOST_TEST(contains(message_of([&] { from_abi(v); }), "unknown kind 99"));
  v.kind = LATHE_VALUE_STRING;
  v.size = 5;
  BOOST_TEST(contains(message_of([&] { from_abi(v); }), "text that is null"));
  v.kind = LATHE_VALUE_LIST;
  BOOST_TEST(contains(message_of([&] { from_abi(v); }), "null list"));
  v.kind = LATHE_VALUE_MAP;
  BOOST_TEST(contains(message_of([&] { from_abi(v); }), "null map"));
  v.kind = LATHE_VALUE_NODE;
  BOOST_TEST(contains(message_of([&] { from_abi(v); }), "a node where"));
  lathe_value endless{};
  endless.kind = LATHE_VALUE_LIST;
  endless.size = 1;
  endless.as.list = &endless;
  BOOST_TEST(contains(message_of([&] { from_abi(endless); }), "without end"));
  BOOST_TEST(contains(message_of([&] { argument_from_abi(endless); }), "without end"));
}

BOOST_AUTO_TEST_CASE(arguments_may_hold_nodes_inside_lists) {
  lathe_value items[2]{};
  items[0].kind = LATHE_VALUE_NODE;
  items[0].as.integer = 3;
  items[1].kind = LATHE_VALUE_INT;
  items[1].as.integer = 8;
  lathe_value list{};
  list.kind = LATHE_VALUE_LIST;
  list.size = 2;
  list.as.list = items;
  const Argument argument = argument_from_abi(list);
  const auto& parts = std::get<std::vector<Argument>>(argument.data);
  BOOST_TEST((std::get<NodeId>(parts[0].data) == NodeId{3}));
  BOOST_TEST(std::get<Value>(parts[1].data).as_int() == 8);
  items[0].as.integer = -1;
  BOOST_TEST(contains(message_of([&] { argument_from_abi(list); }), "-1 as a node id"));
}

BOOST_AUTO_TEST_CASE(equal_texts_have_equal_symbols_in_every_thread) {
  const std::uint32_t relu = symbol_of("relu");
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 2000; ++i) {
          const std::string own = fmt::format("text-{}", (i + t) % 700);
          if (symbol_text(symbol_of(own)) != own || symbol_of("relu") != relu) ++wrong;
        }
      });
    }
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(symbol_text(relu) == "relu");
  BOOST_TEST(symbol_text(4000000000u) == "");
  BOOST_TEST(symbol_text(symbol_of("")) == "");
}

BOOST_AUTO_TEST_SUITE_END()
