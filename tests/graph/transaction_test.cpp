// Transactions: what they change, and that a refused one changes nothing.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <random>

using lathe::Argument;
using lathe::DType;
using lathe::Graph;
using lathe::Node;
using lathe::NodeId;
using lathe::NodeSpec;
using lathe::Opcode;
using lathe::OperandFormat;
using lathe::Shape;
using lathe::Tensor;
using lathe::Transaction;
using lathe::Value;
using lathe_test::jsc_tiny;
using lathe_test::jsc_toy;
using lathe_test::mentions;
using lathe_test::refusal;

namespace {

OperandFormat integer(const char* role, int width) {
  OperandFormat format;
  format.role = role;
  format.format = "integer";
  format.options = Value::Map{{"width", width}, {"frac_width", width / 2}};
  format.precision = Value::List{width, width / 2};
  format.saved_bits = width;
  return format;
}

NodeSpec relu(const char* target, NodeId input) {
  NodeSpec spec;
  spec.op = "relu";
  spec.target = target;
  spec.args = {Argument{input}};
  return spec;
}

// Everything a reader can see of a graph: two graphs with the same portrait are the same.
std::string portrait(const Graph& graph) {
  std::string out = fmt::format("{}\n{}\n{} {}", graph_to_json(graph).text(), fx_text(graph),
                                graph.epoch(), graph.slots());
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    out += fmt::format("\n{} {} {} {} {} {}", index_of(id), node.name, node.result.shape.text(),
                       node.result.value.text(), lathe::name(node.result.dtype),
                       graph.hash(id).text());
    for (NodeId user : graph.users(id)) out += fmt::format(" {}", index_of(user));
    for (const lathe::Parameter& p : node.parameters) {
      out += fmt::format(" {} {} {}", p.qualified_name, p.shape.text(), p.content->hash().text());
    }
  }
  return out;
}

Tensor ones(Shape shape) {
  const std::vector<float> values(static_cast<std::size_t>(shape.numel()), 1.0f);
  return Tensor::of<float>(DType::float32, std::move(shape), values);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transactions)

BOOST_AUTO_TEST_CASE(nothing_shows_before_commit) {
  Graph graph = jsc_tiny();
  const std::string before = portrait(graph);
  Transaction edit(graph);
  edit.rename(graph.find("x"), "jets");
  edit.set_format(graph.find("seq_blocks_2"), integer("weight", 8));
  edit.add(relu("extra", graph.find("seq_blocks_3")));
  BOOST_TEST(portrait(graph) == before);
}

BOOST_AUTO_TEST_CASE(dropping_a_transaction_leaves_the_graph_identical) {
  Graph graph = jsc_tiny();
  const std::string before = portrait(graph);
  {
    Transaction(graph).rename(graph.find("x"), "jets");
  }
  BOOST_TEST(portrait(graph) == before);
}

BOOST_AUTO_TEST_CASE(a_copy_is_untouched_by_edits_of_the_other) {
  const Graph original = jsc_tiny();
  const std::string before = portrait(original);
  Graph copy = original;
  Transaction edit(copy);
  edit.set_attribute(copy.find("seq_blocks_2"), "out_features", 7);
  edit.commit();
  BOOST_TEST(portrait(original) == before);
  BOOST_TEST(copy.node(copy.find("seq_blocks_3")).result.shape.text() == "[8, 7]");
  BOOST_TEST(copy.epoch() == original.epoch() + 1);
}

BOOST_AUTO_TEST_CASE(an_added_node_has_its_name_at_once_and_its_result_after_commit) {
  Graph graph = jsc_tiny();
  Transaction edit(graph);
  const NodeId extra = edit.add(relu("seq_blocks.3", graph.find("seq_blocks_3")));
  BOOST_TEST(edit.node(extra).name == "seq_blocks_4");  // torch.fx counts on from the taken number
  edit.set_attribute(extra, "inplace", true);
  edit.replace_uses(graph.find("seq_blocks_3"), extra);
  edit.commit();
  BOOST_TEST(graph.node(extra).result.shape.text() == "[8, 5]");
  BOOST_TEST((graph.users(graph.find("seq_blocks_3")) == std::vector<NodeId>{extra}));
  BOOST_TEST((graph.node(graph.output()).inputs() == std::vector<NodeId>{extra}));
  verify(graph);
}

BOOST_AUTO_TEST_CASE(a_node_stands_before_the_output_or_behind_the_one_it_was_told) {
  Graph graph = jsc_tiny();
  Transaction edit(graph);
  edit.add(relu("last", graph.find("seq_blocks_3")));
  NodeSpec spec = relu("second", graph.find("x"));
  spec.after = graph.find("x");
  edit.add(spec);
  edit.commit();
  std::vector<std::string> names;
  for (NodeId id : graph.order()) names.push_back(graph.node(id).name);
  const std::vector<std::string> expected{
      "x",    "second", "seq_blocks_0", "seq_blocks_1", "seq_blocks_2", "seq_blocks_3",
      "last", "output"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_removed_node_is_gone_and_its_id_is_not_used_again) {
  Graph graph = jsc_tiny();
  const NodeId gone = graph.find("seq_blocks_3");
  Transaction edit(graph);
  edit.replace_uses(gone, graph.find("seq_blocks_2"));
  edit.remove(gone);
  const NodeId next = edit.add(relu("r", graph.find("seq_blocks_2")));
  edit.commit();
  BOOST_TEST(!graph.alive(gone));
  BOOST_TEST((graph.find("seq_blocks_3") == NodeId::none));
  BOOST_TEST(index_of(next) == 6u);
  verify(graph);
}

BOOST_AUTO_TEST_CASE(replacing_uses_spares_the_replacement_itself) {
  Graph graph = jsc_tiny();
  const NodeId x = graph.find("x");
  Transaction edit(graph);
  NodeSpec spec = relu("first", x);
  spec.after = x;
  const NodeId first = edit.add(spec);
  edit.replace_uses(x, first);
  edit.commit();
  BOOST_TEST((graph.node(first).inputs() == std::vector<NodeId>{x}));
  BOOST_TEST((graph.node(graph.find("seq_blocks_0")).inputs() == std::vector<NodeId>{first}));
}

BOOST_AUTO_TEST_CASE(parameters_whose_shape_changes_start_afresh_and_others_stay) {
  Graph graph = jsc_toy();
  const NodeId first = graph.find("seq_blocks_2");
  graph = graph.with_parameters({{"seq_blocks.2.weight", ones({8, 16})},
                                 {"seq_blocks.5.weight", ones({8, 8})},
                                 {"seq_blocks.8.weight", ones({5, 8})}});
  Transaction edit(graph);
  edit.set_attribute(first, "out_features", 4);
  edit.set_attribute(graph.find("seq_blocks_3"), "num_features", 4);
  edit.set_attribute(graph.find("seq_blocks_5"), "in_features", 4);
  edit.commit();
  BOOST_TEST(graph.node(first).parameter("weight")->shape.text() == "[4, 16]");
  BOOST_TEST(!graph.node(first).parameter("weight")->content->trained());
  BOOST_TEST(graph.node(first).parameter("weight")->content->tensor().values<float>()[0] != 1.0f);
  BOOST_TEST(!graph.node(graph.find("seq_blocks_5")).parameter("weight")->content->trained());
  BOOST_TEST(graph.node(graph.find("seq_blocks_8")).parameter("weight")->content->trained());
  verify(graph);
}

BOOST_AUTO_TEST_CASE(contents_that_nobody_trained_may_be_marked_as_such) {
  const Graph loaded = jsc_tiny().with_parameters(
      {{"seq_blocks.0.weight", ones({16})}, {"seq_blocks.2.weight", ones({5, 16})}});
  const Graph marked = loaded.with_untrained({"seq_blocks_2", "another_net"});
  const auto weight = [](const Graph& graph, const std::string& node) {
    return graph.node(graph.find(node)).parameter("weight")->content;
  };
  BOOST_TEST(weight(marked, "seq_blocks_0")->trained());
  BOOST_TEST(!weight(marked, "seq_blocks_2")->trained());
  BOOST_TEST(weight(marked, "seq_blocks_2")->tensor().values<float>()[0] == 1.0f);
  BOOST_TEST((weight(marked, "seq_blocks_2")->hash() == weight(loaded, "seq_blocks_2")->hash()));
  // A new batch size keeps contents and mark.
  BOOST_TEST(!weight(marked.with_batch(3), "seq_blocks_2")->trained());
  BOOST_TEST(weight(marked.with_batch(3), "seq_blocks_2")->tensor().values<float>()[0] == 1.0f);
}

BOOST_AUTO_TEST_CASE(contents_given_with_a_new_width_fit_the_new_width) {
  Graph graph = jsc_tiny();
  const NodeId linear = graph.find("seq_blocks_2");
  Transaction edit(graph);
  edit.set_parameter(linear, "weight", ones({7, 16}));  // the order does not matter
  edit.set_attribute(linear, "out_features", 7);
  edit.commit();
  BOOST_TEST(graph.node(linear).parameter("weight")->content->trained());
  BOOST_TEST(graph.node(linear).parameter("weight")->content->tensor().values<float>()[0] == 1.0f);
}

BOOST_AUTO_TEST_CASE(attributes_from_which_nothing_follows_are_checked_and_kept_like_others) {
  const Graph original = jsc_toy();
  Graph graph = original;
  std::vector<NodeId> norms;
  for (NodeId id : graph.order()) {
    if (graph.node(id).op == "batch_norm1d") norms.push_back(id);
  }
  Transaction edit(graph);
  int step = 0;
  for (NodeId id : norms) {
    edit.set_attribute(id, "eps", 1);  // an integer, where a number is kept
    edit.set_attribute(id, "momentum", Value());
    edit.set_attribute(id, "eps", id == norms.back() ? Value() : Value(0.25 * ++step));
  }
  edit.commit();
  step = 0;
  for (NodeId id : norms) {
    // None is a momentum, and of eps it asks for the default.
    BOOST_TEST(graph.attributes(id).find("momentum")->is_none());
    BOOST_TEST(graph.attributes(id).find("eps")->as_float() ==
               (id == norms.back() ? 1e-5 : 0.25 * ++step));
    BOOST_TEST((graph.hash(id) != original.hash(id)));
    BOOST_TEST((graph.node(id).result == original.node(id).result));
    BOOST_TEST(original.attributes(id).find("momentum")->as_float() == 0.1);
  }
  verify(graph);
  // The long way: everything inferred from what was set.
  Transaction again(graph);
  for (NodeId id : norms) again.set_args(id, graph.node(id).args.items());
  const std::string before = graph_to_json(graph).text();
  again.commit();
  BOOST_TEST(graph_to_json(graph).text() == before);

  Graph wrong = original;
  Transaction refused(wrong);
  BOOST_TEST(mentions(refusal([&] { refused.set_attribute(norms[0], "eps", "small"); }),
                      {"'seq_blocks_0' (batch_norm1d)", "'eps'", "a number", "small"}));
}

BOOST_AUTO_TEST_CASE(a_shared_module_has_one_set_of_attributes_those_without_effect_too) {
  lathe_test::Writer w;
  w.input({4});
  const NodeId first = w.module("act", "relu", {}), second = w.module("act", "relu", {});
  Graph graph = w.finish(1);
  BOOST_TEST(mentions(refusal([&] {
                        Transaction t(graph);
                        t.set_attribute(second, "inplace", true);
                        t.commit();
                      }),
                      {"share the module 'act'"}));
  Transaction both(graph);
  both.set_attribute(first, "inplace", true);
  both.set_attribute(second, "inplace", true);
  both.commit();
  BOOST_TEST(graph.attributes(second).find("inplace")->as_bool());
}

BOOST_AUTO_TEST_CASE(a_format_is_set_replaced_and_cleared) {
  Graph graph = jsc_tiny();
  const NodeId linear = graph.find("seq_blocks_2");
  Transaction edit(graph);
  edit.set_format(linear, integer("weight", 8));
  edit.set_format(linear, integer("data_in", 8));
  edit.set_format(linear, integer("weight", 4));
  edit.set_format(linear, integer("bias", 4));
  edit.clear_format(linear, "bias");
  edit.clear_format(linear, "data_out");
  edit.commit();
  const Node& node = graph.node(linear);
  BOOST_TEST(node.formats.size() == 2u);
  BOOST_TEST(node.formats[0].role == "data_in");
  BOOST_TEST(node.format("weight")->saved_bits == 4.0);
  BOOST_TEST(node.format("bias") == nullptr);
  verify(graph);
}

BOOST_AUTO_TEST_CASE(a_format_for_a_bias_that_is_not_there_has_no_effect) {
  lathe_test::Writer w;
  w.input({4});
  const NodeId id = w.module("fc", "linear", {{"out_features", 2}, {"bias", false}});
  Graph graph = w.finish(1);
  const lathe::ContentHash before = graph.hash(id);
  Transaction edit(graph);
  edit.set_format(id, integer("bias", 8));
  edit.commit();
  BOOST_TEST(graph.node(id).formats.empty());
  BOOST_TEST((graph.hash(id) == before));
}

BOOST_AUTO_TEST_CASE(edits_that_cannot_be_are_refused_with_the_name_of_the_node) {
  const Graph original = jsc_tiny();
  const NodeId x = original.find("x"), norm = original.find("seq_blocks_0"),
               act = original.find("seq_blocks_1"), linear = original.find("seq_blocks_2"),
               last = original.find("seq_blocks_3"), out = original.find("output");
  struct Case {
    const char* what;
    std::function<void(Transaction&)> edit;
    std::vector<const char*> words;
  };
  const Case cases[] = {
      {"cycle",
       [&](Transaction& t) { t.set_args(norm, {{last}}); },
       {"'seq_blocks_0' (batch_norm1d)", "'seq_blocks_3'", "cycles"}},
      {"itself", [&](Transaction& t) { t.set_args(norm, {{norm}}); }, {"'seq_blocks_0'", "cycles"}},
      {"dangling",
       [&](Transaction& t) { t.set_args(norm, {{NodeId{77}}}); },
       {"'seq_blocks_0'", "node 77", "does not exist"}},
      {"still read",
       [&](Transaction& t) { t.remove(act); },
       {"'seq_blocks_2' (linear)", "removed node 'seq_blocks_1'"}},
      {"no output", [&](Transaction& t) { t.remove(out); }, {"no output", "'seq_blocks_3'"}},
      {"two outputs",
       [&](Transaction& t) {
         NodeSpec spec;
         spec.opcode = Opcode::output;
         spec.args = {{x}};
         t.add(spec);
       },
       {"'output' (output)", "last"}},
      {"reads output", [&](Transaction& t) { t.set_args(norm, {{out}}); }, {"'seq_blocks_0'"}},
      {"width",
       [&](Transaction& t) { t.set_attribute(linear, "in_features", 8); },
       {"'seq_blocks_2' (linear)", "in_features = 8", "[8, 16]"}},
      {"later width",
       [&](Transaction& t) { t.set_attribute(x, "shape", Value::List{8}); },
       {"'seq_blocks_0' (batch_norm1d)", "num_features = 16", "[8, 8]"}},
      {"unknown attribute",
       [&](Transaction& t) { t.set_attribute(linear, "widht", 8); },
       {"'seq_blocks_2'", "'widht'"}},
      {"taken name",
       [&](Transaction& t) { t.rename(linear, "x"); },
       {"'seq_blocks_2'", "'x'", "taken"}},
      {"bad name", [&](Transaction& t) { t.rename(linear, "a.b"); }, {"'a.b'", "letters"}},
      {"empty name", [&](Transaction& t) { t.rename(linear, ""); }, {"no name"}},
      {"no such node", [&](Transaction& t) { t.rename(NodeId{99}, "a"); }, {"no node 99"}},
      {"removed node",
       [&](Transaction& t) {
         t.remove(out);
         t.rename(out, "a");
       },
       {"'output' was removed"}},
      {"no such parameter",
       [&](Transaction& t) { t.set_parameter(linear, "wait", ones({5, 16})); },
       {"'seq_blocks_2'", "'wait'"}},
      {"wrong contents",
       [&](Transaction& t) { t.set_parameter(linear, "weight", ones({16, 5})); },
       {"'seq_blocks.2.weight'", "[5, 16]", "[16, 5]"}},
      {"wrong type",
       [&](Transaction& t) {
         t.set_parameter(linear, "bias", Tensor::make(DType::float64, Shape{5}));
       },
       {"'seq_blocks.2.bias'", "float32", "float64"}},
      {"no formats here",
       [&](Transaction& t) { t.set_format(x, integer("data_in", 8)); },
       {"'x'", "no number formats"}},
      {"no such role",
       [&](Transaction& t) { t.set_format(act, integer("weight", 8)); },
       {"'seq_blocks_1' (relu)", "'weight'", "data_in"}},
      {"unknown op",
       [&](Transaction& t) {
         NodeSpec spec = relu("a", last);
         spec.op = "rleu";
         t.add(spec);
       },
       {"node 'a'", "unknown op 'rleu'"}},
      {"behind nothing",
       [&](Transaction& t) {
         NodeSpec spec = relu("a", last);
         spec.after = NodeId{99};
         t.add(spec);
       },
       {"no node 99"}},
      {"module with another op",
       [&](Transaction& t) { t.add(relu("seq_blocks.2", last)); },
       {"share the module 'seq_blocks.2'"}},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.what) {
      Graph graph = original;
      const std::string before = portrait(graph);
      const std::string message = refusal([&] {
        Transaction t(graph);
        c.edit(t);
        t.commit();
      });
      for (const char* word : c.words) {
        BOOST_TEST(message.find(word) != std::string::npos, message << " should have " << word);
      }
      BOOST_TEST(portrait(graph) == before);
      verify(graph);
    }
  }
  BOOST_TEST_MESSAGE(std::size(cases) << " refused edits");
}

BOOST_AUTO_TEST_CASE(an_empty_graph_is_no_graph_to_commit) {
  Graph graph;
  BOOST_TEST(mentions(refusal([&] {
                        Transaction t(graph);
                        t.add({.opcode = Opcode::placeholder,
                               .op = "",
                               .target = "x",
                               .name = "",
                               .args = {},
                               .kwargs = {},
                               .attributes = Value::Map{{"shape", 4}}});
                        t.commit();
                      }),
                      {"no output"}));
  BOOST_TEST(graph.order().empty());
  BOOST_TEST(mentions(refusal([&] { verify(graph); }), {"empty"}));
}

BOOST_AUTO_TEST_CASE(a_transaction_ends_with_its_commit) {
  Graph graph = jsc_tiny();
  Transaction edit(graph);
  edit.commit();
  BOOST_TEST(mentions(refusal([&] { edit.rename(graph.find("x"), "y"); }), {"has ended"}));
  BOOST_TEST(mentions(refusal([&] { edit.commit(); }), {"has ended"}));
}

BOOST_AUTO_TEST_CASE(of_two_transactions_on_one_graph_the_second_to_commit_is_refused) {
  Graph graph = jsc_tiny();
  Transaction first(graph), second(graph);
  first.rename(graph.find("x"), "a");
  second.rename(graph.find("x"), "b");
  first.commit();
  BOOST_TEST(mentions(refusal([&] { second.commit(); }), {"another transaction"}));
  BOOST_TEST((graph.find("a") != NodeId::none));
}

BOOST_AUTO_TEST_CASE(a_module_called_twice_is_one_module) {
  lathe_test::Writer w;
  w.input({4});
  const NodeId first = w.linear("fc", 4, 4);
  const NodeId second = w.linear("fc", 4, 4);
  Graph graph = w.finish(1);
  BOOST_TEST(graph.node(second).name == "fc_1");
  BOOST_TEST(graph.parameter_count() == 20);
  BOOST_TEST(graph.parameters().size() == 2u);
  BOOST_TEST(graph.node(first).parameter("weight")->content ==
             graph.node(second).parameter("weight")->content);

  Transaction edit(graph);
  edit.set_parameter(second, "weight", ones({4, 4}));
  edit.commit();
  BOOST_TEST(graph.node(first).parameter("weight")->content->trained());

  BOOST_TEST(mentions(refusal([&] {
                        Transaction t(graph);
                        t.set_attribute(second, "bias", false);
                        t.commit();
                      }),
                      {"'fc'", "'fc_1'", "share the module 'fc'"}));
  Transaction both(graph);
  both.set_attribute(first, "bias", false);
  both.set_attribute(second, "bias", false);
  both.commit();
  BOOST_TEST(graph.parameter_count() == 16);
}

BOOST_AUTO_TEST_CASE(a_batch_changes_shapes_and_nothing_else) {
  const Graph graph = jsc_toy(8);
  const Graph other = graph.with_batch(512);
  BOOST_TEST(other.batch() == 512);
  BOOST_TEST(graph.batch() == 8);
  for (NodeId id : graph.order()) {
    BOOST_TEST(other.node(id).result.shape[0] == 512);
    BOOST_TEST((graph.hash(id) == other.hash(id)));
    for (const lathe::Parameter& p : graph.node(id).parameters) {
      BOOST_TEST(other.node(id).parameter(p.name)->content == p.content);
    }
  }
}

BOOST_AUTO_TEST_CASE(contents_come_by_qualified_name) {
  const Graph graph = jsc_tiny().with_parameters({{"seq_blocks.2.bias", ones({5})}});
  const Node& linear = graph.node(graph.find("seq_blocks_2"));
  BOOST_TEST(linear.parameter("bias")->content->tensor().values<float>()[3] == 1.0f);
  BOOST_TEST(!linear.parameter("weight")->content->trained());
  BOOST_TEST(mentions(refusal([&] { graph.with_parameters({{"fc.weight", ones({5})}}); }),
                      {"'fc.weight'", "seq_blocks.0.weight"}));
  BOOST_TEST(mentions(refusal([&] { graph.with_parameters({{"seq_blocks.2.bias", ones({6})}}); }),
                      {"'seq_blocks.2.bias'", "[5]", "[6]"}));
}

BOOST_AUTO_TEST_CASE(contents_are_a_function_of_the_seed) {
  auto weight = [](std::uint64_t seed) {
    const Graph graph = jsc_tiny(8, seed);
    return graph.node(graph.find("seq_blocks_2")).parameter("weight")->content->tensor();
  };
  BOOST_TEST((hash_of(weight(1)) == hash_of(weight(1))));
  BOOST_TEST((hash_of(weight(1)) != hash_of(weight(2))));
  const Tensor first = weight(1);
  for (float x : first.values<float>()) BOOST_TEST(std::abs(x) <= 0.25f);  // 1/sqrt(16)
}

// Random edits, sensible and senseless: either the graph verifies afterwards, or it is the same.
BOOST_AUTO_TEST_CASE(any_series_of_edits_leaves_a_graph_verified_or_identical) {
  std::mt19937 random(20240216);
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const char* attributes[] = {"in_features", "out_features", "num_features", "inplace",
                              "p",           "bias"};
  const char* roles[] = {"data_in", "weight", "bias", "data_out", "nonsense"};
  int committed = 0, refused = 0;
  Graph graph = jsc_toy();
  for (int round = 0; round < 1500; ++round) {
    if (round % 50 == 0) graph = round % 100 == 0 ? jsc_toy() : lathe_test::toy_convnet();
    const std::string before = portrait(graph);
    auto any = [&] { return NodeId{static_cast<std::uint32_t>(below(graph.slots() + 1))}; };
    try {
      Transaction edit(graph);
      const std::size_t edits = 1 + below(3);
      for (std::size_t i = 0; i < edits; ++i) {
        switch (below(9)) {
          case 0: {
            NodeSpec spec = relu("r", any());
            if (below(2) == 0) spec.after = any();
            const NodeId added = edit.add(spec);
            if (below(2) == 0) edit.replace_uses(any(), added);
            break;
          }
          case 1:
            edit.set_args(any(), {{any()}});
            break;
          case 2:
            edit.replace_uses(any(), any());
            break;
          case 3:
            edit.remove(any());
            break;
          case 4:
            edit.set_attribute(any(), attributes[below(6)], static_cast<int>(below(20)));
            break;
          case 5:
            edit.rename(any(), fmt::format("n{}", below(8)));
            break;
          case 6:
            edit.set_format(any(), integer(roles[below(5)], 8));
            break;
          case 7:
            edit.clear_format(any(), roles[below(5)]);
            break;
          case 8:
            edit.set_parameter(any(), "weight", ones({8, 16}));
            break;
        }
      }
      edit.commit();
      verify(graph);
      BOOST_TEST(graph.epoch() > 0u);
      ++committed;
    } catch (const lathe::Error& error) {
      BOOST_TEST(portrait(graph) == before, "after: " << error.what());
      ++refused;
    }
  }
  BOOST_TEST(committed > 100);
  BOOST_TEST(refused > 100);
  BOOST_TEST_MESSAGE("random edits: " << committed << " committed, " << refused << " refused");
}

BOOST_AUTO_TEST_CASE(a_long_chain_is_built_and_edited_in_reasonable_time) {
  lathe_test::Writer w;
  w.input({16});
  for (int i = 0; i < 20000; ++i) w.module("r." + std::to_string(i), "relu");
  Graph graph = w.finish(1);
  BOOST_TEST(graph.order().size() == 20002u);
  Graph copy = graph;
  Transaction edit(copy);
  edit.set_format(copy.find("r_9999"), integer("data_in", 8));
  edit.commit();
  BOOST_TEST((copy.hash(copy.output()) != graph.hash(graph.output())));
}

BOOST_AUTO_TEST_SUITE_END()
