// Names, hashes, printouts and the JSON form.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

using lathe::Argument;
using lathe::ContentHash;
using lathe::Graph;
using lathe::NodeId;
using lathe::Opcode;
using lathe::OperandFormat;
using lathe::Transaction;
using lathe::Value;
using lathe_test::jsc_tiny;
using lathe_test::jsc_toy;
using lathe_test::mentions;
using lathe_test::refusal;
using lathe_test::Writer;

namespace {

const char* const kModels[] = {"jsc-tiny", "jsc-toy",  "jsc-s",      "vgg7",
                               "toy",      "toy_tiny", "toy_convnet"};

OperandFormat integer(const char* role, int width) {
  OperandFormat format;
  format.role = role;
  format.format = "integer";
  format.options = Value::Map{{"width", width}, {"block", Value::List{1, 4}}};
  format.precision = Value::List{width, Value()};
  format.saved_bits = 8.5;
  format.plugin_hash = "abc";
  return format;
}

Graph with_format(Graph graph, const char* node, const OperandFormat& format) {
  Transaction edit(graph);
  edit.set_format(graph.find(node), format);
  edit.commit();
  return graph;
}

}  // namespace

// The name of a node of that target where these names are taken.
std::string fx_name(const char* target, const std::vector<std::string>& taken) {
  Graph graph;
  Transaction edit(graph);
  const auto add = [&](const char* of, const std::string& name) {
    lathe::NodeSpec spec;
    spec.op = "relu";
    spec.target = of;
    spec.name = name;
    return edit.add(std::move(spec));
  };
  for (const std::string& name : taken) add("r", name);
  return edit.node(add(target, "")).name;
}

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(torch_fx_names_nodes_by_target) {
  BOOST_TEST(fx_name("seq_blocks.2", {}) == "seq_blocks_2");
  BOOST_TEST(fx_name("module_list.11", {}) == "module_list_11");
  BOOST_TEST(fx_name("size", {"size"}) == "size_1");
  BOOST_TEST(fx_name("size", {"size", "size_1"}) == "size_2");
  BOOST_TEST(fx_name("relu_1", {"relu_1"}) == "relu_2");
  BOOST_TEST(fx_name("0", {}) == "_0");
  BOOST_TEST(fx_name("layerOne.FC", {}) == "layer_one_fc");
  BOOST_TEST(fx_name("max", {}) == "max_1");  // a builtin of Python
  BOOST_TEST(fx_name("input", {}) == "input_1");
  BOOST_TEST(fx_name("a-b c", {}) == "a_b_c");
}

BOOST_AUTO_TEST_CASE(a_function_is_named_after_its_last_part) {
  Writer w;
  const NodeId x = w.input({4});
  lathe::NodeSpec spec;
  spec.opcode = Opcode::call_function;
  spec.op = "flatten";
  spec.target = "torch.flatten";
  spec.args = {{x}, {Value(1)}};
  const NodeId id = w.edit().add(spec);
  BOOST_TEST(w.edit().node(id).name == "flatten");
}

BOOST_AUTO_TEST_CASE(a_wished_name_is_taken_if_it_is_free) {
  Writer w;
  w.input({4});
  lathe::NodeSpec spec;
  spec.op = "relu";
  spec.target = "act";
  spec.name = "myRelu";
  spec.args = {{w.last()}};
  BOOST_TEST(w.edit().node(w.edit().add(spec)).name == "myRelu");
  BOOST_TEST(w.edit().node(w.edit().add(spec)).name == "myRelu_1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(content_hashes)

BOOST_AUTO_TEST_CASE(networks_built_alike_hash_alike_and_names_do_not_count) {
  const Graph a = jsc_tiny(), b = jsc_tiny();
  BOOST_TEST((a.hash(a.output()) == b.hash(b.output())));
  Graph renamed = jsc_tiny();
  Transaction edit(renamed);
  edit.rename(renamed.find("seq_blocks_1"), "activation");
  edit.commit();
  BOOST_TEST((renamed.hash(renamed.output()) == a.hash(a.output())));
}

BOOST_AUTO_TEST_CASE(a_hash_is_the_same_before_and_after_contents_are_read) {
  const Graph read = jsc_tiny(), unread = jsc_tiny();
  for (const Graph::Named& named : read.parameters()) named.parameter->content->tensor();
  BOOST_TEST((read.hash(read.output()) == unread.hash(unread.output())));
}

BOOST_AUTO_TEST_CASE(whatever_changes_the_result_changes_the_hash_from_there_on) {
  const Graph base = jsc_toy();
  const Graph quantized = with_format(base, "seq_blocks_5", integer("weight", 8));
  for (NodeId id : base.order()) {
    const bool before = index_of(id) < index_of(base.find("seq_blocks_5"));
    BOOST_TEST((base.hash(id) == quantized.hash(id)) == before);
  }
  auto output_hash = [](const Graph& graph) { return graph.hash(graph.output()); };
  OperandFormat other_options = integer("weight", 8);
  other_options.options.set("width", 9);
  OperandFormat other_plugin = integer("weight", 8);
  other_plugin.plugin_hash = "def";
  Graph inplace = base;
  Transaction edit(inplace);
  edit.set_attribute(inplace.find("seq_blocks_3"), "eps", 1e-3);
  edit.commit();
  const auto weight = base.node(base.find("seq_blocks_2")).parameter("weight")->content->tensor();
  const std::set<ContentHash> different{
      output_hash(base),
      output_hash(quantized),
      output_hash(with_format(base, "seq_blocks_5", integer("data_in", 8))),
      output_hash(with_format(base, "seq_blocks_5", other_options)),
      output_hash(with_format(base, "seq_blocks_5", other_plugin)),
      output_hash(with_format(base, "seq_blocks_8", integer("weight", 8))),
      output_hash(inplace),
      output_hash(jsc_toy(8, 1)),
      output_hash(base.with_parameters({{"seq_blocks.2.weight", weight}}))};
  BOOST_TEST(different.size() == 9u);
}

BOOST_AUTO_TEST_CASE(formats_set_in_any_order_hash_alike) {
  const Graph a = with_format(with_format(jsc_tiny(), "seq_blocks_2", integer("weight", 8)),
                              "seq_blocks_2", integer("data_in", 4));
  const Graph b = with_format(with_format(jsc_tiny(), "seq_blocks_2", integer("data_in", 4)),
                              "seq_blocks_2", integer("weight", 8));
  BOOST_TEST((a.hash(a.output()) == b.hash(b.output())));
}

BOOST_AUTO_TEST_CASE(two_inputs_of_one_shape_are_told_apart) {
  auto difference = [](bool swapped) {
    Writer w;
    const NodeId a = w.input({4});
    const NodeId b = w.placeholder("y", {{"shape", Value::List{4}}});
    const NodeId id = w.function(
        "sub", swapped ? std::vector<Argument>{{b}, {a}} : std::vector<Argument>{{a}, {b}});
    return w.finish(1).hash(id);
  };
  BOOST_TEST((difference(true) != difference(false)));
}

BOOST_AUTO_TEST_CASE(many_threads_may_hash_and_read_one_graph) {
  const Graph graph = jsc_toy();
  const ContentHash expected = jsc_toy().hash(graph.output());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const Graph copy = graph;
      for (const Graph::Named& named : copy.parameters()) named.parameter->content->tensor();
      if (graph.hash(graph.output()) != expected || copy.hash(copy.output()) != expected) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_form)

BOOST_AUTO_TEST_CASE(every_network_round_trips) {
  for (const char* name : kModels) {
    BOOST_TEST_CONTEXT(name) {
      const Graph graph = lathe_test::model(name, 3);
      const Graph again = graph_from_json(graph_to_json(graph), graph.seed());
      BOOST_TEST(graph_to_json(again).text() == graph_to_json(graph).text());
      BOOST_TEST(fx_text(again) == fx_text(graph));
      BOOST_TEST((again.hash(again.output()) == graph.hash(graph.output())));
      BOOST_TEST(again.parameter_count() == graph.parameter_count());
      verify(again);
    }
  }
}

BOOST_AUTO_TEST_CASE(formats_lists_and_keyword_arguments_round_trip) {
  Writer w;
  const NodeId x = w.input({3, 8, 8});
  lathe::NodeSpec spec;
  spec.opcode = Opcode::call_function;
  spec.op = "max_pool2d";
  spec.args = {{x}, {Value(Value::List{2, 2})}};
  spec.kwargs = {{"ceil_mode", {Value(true)}}};
  const NodeId pooled = w.edit().add(spec);
  w.function("cat", {Argument{std::vector<Argument>{{pooled}, {pooled}}}, {Value(1)}});
  w.module("fc", "linear", {{"out_features", 4}});
  const Graph graph = with_format(w.finish(2), "fc", integer("weight", 8));
  const Graph again = graph_from_json(graph_to_json(graph), 0);
  BOOST_TEST(fx_text(again) == fx_text(graph));
  BOOST_TEST((again.node(again.find("fc")).formats == graph.node(graph.find("fc")).formats));
  BOOST_TEST((again.hash(again.output()) == graph.hash(graph.output())));
  BOOST_TEST(mentions(fx_text(graph), {"(args = (%x, (2, 2)), kwargs = {ceil_mode: True})",
                                       "(args = ([%max_pool2d, %max_pool2d], 1), kwargs = {})"}));
}

BOOST_AUTO_TEST_CASE(a_reserved_name_given_by_rename_survives) {
  Graph graph = jsc_tiny();
  Transaction edit(graph);
  edit.rename(graph.find("x"), "input");
  edit.commit();
  const Graph again = graph_from_json(graph_to_json(graph), 0);
  BOOST_TEST((again.find("input") != NodeId::none));
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused) {
  const Value good = graph_to_json(jsc_tiny());
  auto broken = [&](const std::function<void(Value&)>& change) {
    Value json = good;
    change(json);
    return refusal([&] { graph_from_json(json, 0); });
  };
  auto node = [](Value& json, std::size_t i) -> Value& {
    return json.find_to_write("nodes")->as_list()[i];
  };
  BOOST_TEST(mentions(broken([](Value& j) { j.erase("nodes"); }), {"lacks 'nodes'"}));
  BOOST_TEST(mentions(broken([](Value& j) { j.set("dialect", 99); }), {"dialect 99"}));
  BOOST_TEST(mentions(broken([](Value& j) { j = Value(3); }), {"lacks 'lathe_graph'"}));
  BOOST_TEST(mentions(broken([&](Value& j) { node(j, 1).set("op", "linaer"); }), {"'linaer'"}));
  BOOST_TEST(mentions(broken([&](Value& j) { node(j, 1).set("opcode", "call"); }), {"'call'"}));
  BOOST_TEST(mentions(broken([&](Value& j) { node(j, 1).erase("target"); }), {"lacks 'target'"}));
  BOOST_TEST(mentions(broken([&](Value& j) { node(j, 2).set("name", "x"); }), {"'x'", "taken"}));
  BOOST_TEST(mentions(broken([&](Value& j) { node(j, 2).set("args", 3); }), {"an array"}));
  BOOST_TEST(mentions(
      broken([&](Value& j) { node(j, 2).set("args", Value::List{Value::Map{{"node", "later"}}}); }),
      {"'later'", "before it is defined"}));
  BOOST_TEST(mentions(broken([&](Value& j) { j.find_to_write("nodes")->as_list().pop_back(); }),
                      {"no output"}));
  BOOST_TEST(mentions(
      broken([&](Value& j) { node(j, 3).find_to_write("attributes")->set("in_features", 9); }),
      {"'seq_blocks_2'", "in_features = 9"}));
}

BOOST_AUTO_TEST_SUITE_END()
