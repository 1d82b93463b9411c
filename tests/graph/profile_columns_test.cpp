// Profiles and parameter columns say of every node what the node says of itself, whatever was
// edited and whoever looked before.

#include "tests/graph/models.hpp"

#include "core/graph/inference.hpp"
#include "core/graph/io/abi_operand.hpp"
#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <thread>

using namespace lathe_test;
using lathe::from_abi;
using lathe::OperandFormat;
using lathe::OperandView;
using lathe::view_of;

namespace {

void check_operand(const lathe::Graph& graph, NodeId id, const lathe_operand& found,
                   const OperandView& said) {
  BOOST_TEST(found.kind == said.kind);
  BOOST_TEST(found.dtype == static_cast<lathe_dtype>(said.dtype));
  BOOST_TEST(found.role == said.role);
  BOOST_TEST(view_of(found.name) == said.name);
  BOOST_TEST(view_of(found.type) == said.type);
  BOOST_TEST(found.bits == said.bits);
  Value::List precision;
  for (std::uint64_t i = 0; i < found.precision_count; ++i) {
    precision.push_back(from_abi(found.precision[i]));
  }
  const Value bits(Value::List{Value(static_cast<std::int64_t>(said.bits))});
  BOOST_TEST((Value(precision) == (said.precision != nullptr ? *said.precision : bits)));
  BOOST_TEST(std::vector<std::int64_t>(found.shape, found.shape + found.rank) == said.shape->dims(),
             boost::test_tools::per_element());
  BOOST_TEST(found.numel == said.shape->numel());
  BOOST_TEST((found.format_options != nullptr) == (said.format != nullptr));
  if (said.format != nullptr && found.format_options != nullptr) {
    BOOST_TEST((from_abi(*found.format_options) == said.format->options));
  }
  BOOST_TEST((found.parameter != LATHE_NONE_ID) == (said.parameter != nullptr));
  if (said.parameter == nullptr || found.parameter == LATHE_NONE_ID) return;
  const auto parameters = graph.parameter_columns();
  const std::size_t row = parameters->begin[index_of(id)] + found.parameter;
  BOOST_TEST_REQUIRE(row < parameters->begin[index_of(id) + 1]);
  BOOST_TEST(view_of(parameters->qualified_name[row]) == said.parameter->qualified_name);
  BOOST_TEST(parameters->storage_id[row] == storage_id(*said.parameter));
}

void check_node(const Graph& graph, NodeId id, const lathe_profile& profile) {
  std::vector<OperandView> said;
  view_operands(graph, id, said);
  BOOST_TEST_REQUIRE(profile.operand_count == said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    check_operand(graph, id, profile.operands[i], said[i]);
  }
  const auto cost = cost_of(graph, id);
  BOOST_TEST((profile.cost->known != 0) == cost.has_value());
  const lathe::Cost counts = cost.value_or(lathe::Cost{});
  BOOST_TEST(profile.cost->computations == counts.computations);
  BOOST_TEST(profile.cost->backward_computations == counts.backward_computations);
  BOOST_TEST(profile.cost->parameters == counts.parameters);
  BOOST_TEST(profile.cost->input_elements == counts.input_elements);
  BOOST_TEST(profile.cost->output_elements == counts.output_elements);
  const lathe::OpRow& row = row_of(graph.ops(), graph.node(id));
  BOOST_TEST(profile.facts->bits == row.bits);
  BOOST_TEST(profile.facts->channels == row.channels);
  BOOST_TEST(profile.facts->weight_channels == row.weight_channels);
  BOOST_TEST((profile.facts->is_unsigned != 0) == row.is_unsigned);
  for (const std::string_view role : {"data_in", "weight", "bias"}) {
    const auto roles = quantizable_roles(row, graph.node(id));
    const bool listed = std::ranges::find(roles, role) != roles.end();
    BOOST_TEST(((profile.facts->roles >> lathe::role_named(role) & 1U) != 0) == listed);
  }
}

// Every profile against the nodes themselves.
void check_profiles(const Graph& graph) {
  const auto profiles = graph.profiles();
  BOOST_TEST_REQUIRE(profiles->of_node.size() == graph.slots());
  BOOST_TEST_REQUIRE(graph.parameter_columns()->begin.size() == graph.slots() + 1);
  for (std::uint32_t i = 0; i < graph.slots(); ++i) {
    const NodeId id{i};
    if (graph.alive(id)) {
      BOOST_TEST_CONTEXT(graph.node(id).name) { check_node(graph, id, (*profiles)[id]); }
    } else {
      BOOST_TEST((*profiles)[id].operand_count == 0U);
      BOOST_TEST((*profiles)[id].cost->known == 0U);
    }
  }
}

void commit(Graph& graph, const std::function<void(Transaction&)>& edit) {
  Transaction transaction(graph);
  edit(transaction);
  transaction.commit();
}

OperandFormat integer(std::string role, std::int64_t width) {
  return {std::move(role),
          "integer",
          Value(Value::Map{{"width", width}, {"frac_width", 2}}),
          Value(Value::List{Value(width), Value(2)}),
          "hash",
          {},
          nullptr,
          static_cast<double>(width)};
}

lathe::Tensor eight_zeros() {
  static constexpr std::array<float, 8> kZeros{};
  return lathe::Tensor::of<float>(lathe::DType::float32, {8}, kZeros);
}

struct Edit {
  const char* name;
  std::function<void(Transaction&, const Graph&)> edit;
};

// Of jsc_toy: one of each kind.
const std::vector<Edit>& edits() {
  const auto act = [](const Graph& g) { return g.find("seq_blocks_1"); };
  const auto linear = [](const Graph& g) { return g.find("seq_blocks_2"); };
  static const std::vector<Edit> all{
      {"nothing", [](Transaction&, const Graph&) {}},
      {"inert attribute",
       [](Transaction& t, const Graph& g) { t.set_attribute(g.find("seq_blocks_0"), "eps", 0.5); }},
      {"attribute",
       [=](Transaction& t, const Graph& g) { t.set_attribute(linear(g), "bias", false); }},
      {"batch", [](Transaction& t, const Graph& g) { t.set_attribute(g.find("x"), "batch", 3); }},
      {"format",
       [=](Transaction& t, const Graph& g) { t.set_format(linear(g), integer("weight", 6)); }},
      {"format of an input",
       [=](Transaction& t, const Graph& g) { t.set_format(act(g), integer("data_in", 4)); }},
      {"format replaced",
       [=](Transaction& t, const Graph& g) {
         t.set_format(linear(g), integer("bias", 6));
         t.set_format(linear(g), integer("bias", 7));
       }},
      {"format cleared",
       [=](Transaction& t, const Graph& g) {
         t.set_format(linear(g), integer("data_in", 6));
         t.clear_format(linear(g), "data_in");
         t.clear_format(g.find("seq_blocks_5"), "weight");
       }},
      {"rename", [=](Transaction& t, const Graph& g) { t.rename(linear(g), "renamed"); }},
      {"rewiring",
       [=](Transaction& t, const Graph& g) { t.replace_uses(act(g), g.find("seq_blocks_0")); }},
      {"removal",
       [=](Transaction& t, const Graph& g) {
         t.replace_uses(act(g), g.find("seq_blocks_0"));
         t.remove(act(g));
       }},
      {"addition",
       [=](Transaction& t, const Graph& g) {
         NodeSpec added;
         added.op = "linear";
         added.target = "added";
         added.args = {Argument{linear(g)}};
         added.attributes = Value(Value::Map{{"in_features", 8}, {"out_features", 8}});
         added.after = linear(g);
         const NodeId id = t.add(std::move(added));
         t.replace_uses(linear(g), id);
       }},
      {"width",
       [=](Transaction& t, const Graph& g) {
         t.set_attribute(linear(g), "out_features", 12);
         t.set_attribute(g.find("seq_blocks_3"), "num_features", 12);
         t.set_attribute(g.find("seq_blocks_5"), "in_features", 12);
       }},
      {"contents",
       [=](Transaction& t, const Graph& g) { t.set_parameter(linear(g), "bias", eight_zeros()); }},
  };
  return all;
}

// A toy of which one layer carries formats already.
Graph quantized_toy() {
  Graph graph = jsc_toy();
  commit(graph,
         [&](Transaction& t) { t.set_format(graph.find("seq_blocks_5"), integer("weight", 3)); });
  return graph;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profile_columns)

BOOST_AUTO_TEST_CASE(profiles_say_what_the_nodes_of_every_network_say) {
  for (const char* name :
       {"jsc-tiny", "jsc-toy", "jsc-s", "toy", "toy_tiny", "toy_convnet", "vgg7"}) {
    BOOST_TEST_CONTEXT(name) { check_profiles(model(name, 4)); }
  }
}

BOOST_AUTO_TEST_CASE(a_linear_layer_has_the_operands_and_the_cost_that_its_formula_says) {
  const Graph graph = jsc_tiny(8);
  const lathe_profile& linear = (*graph.profiles())[graph.find("seq_blocks_2")];
  BOOST_TEST_REQUIRE(linear.operand_count == 4U);
  const std::array<std::int64_t, 4> numel{8 * 16, 5 * 16, 5, 8 * 5};
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(linear.operands[i].numel == numel[i]);
  BOOST_TEST(linear.cost->known == 1U);
  BOOST_TEST(linear.cost->computations == 8.0 * 16 * 5);
  BOOST_TEST(linear.cost->backward_computations == 2.0 * 8 * 16 * 5);
  BOOST_TEST(linear.cost->parameters == 16.0 * 5);
  BOOST_TEST(linear.facts->bits == LATHE_BITS_ACCUMULATING);
}

BOOST_AUTO_TEST_CASE(profiles_follow_every_kind_of_edit) {
  for (const bool looked_at : {true, false}) {
    for (const Edit& edit : edits()) {
      const Graph before = quantized_toy();
      if (looked_at) check_profiles(before);
      Graph after = before;
      commit(after, [&](Transaction& t) { edit.edit(t, before); });
      BOOST_TEST_CONTEXT(edit.name << (looked_at ? ", looked at before" : "")) {
        check_profiles(after);
        check_profiles(before);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(copies_that_are_edited_apart_have_profiles_of_their_own) {
  for (const Edit& first : edits()) {
    for (const Edit& second : edits()) {
      const Graph root = quantized_toy();
      root.profiles();
      root.parameter_columns();
      Graph left = root, right = root;
      commit(left, [&](Transaction& t) { first.edit(t, root); });
      commit(right, [&](Transaction& t) { second.edit(t, root); });
      BOOST_TEST_CONTEXT(first.name << " | " << second.name) {
        check_profiles(left);
        check_profiles(right);
      }
    }
    check_profiles(quantized_toy());
  }
}

BOOST_AUTO_TEST_CASE(edits_that_nobody_looked_between_add_up) {
  Graph graph = jsc_toy();
  graph.profiles();
  const NodeId linear = graph.find("seq_blocks_2"), act = graph.find("seq_blocks_1");
  commit(graph, [&](Transaction& t) { t.set_format(linear, integer("weight", 5)); });
  commit(graph, [&](Transaction& t) { t.set_format(act, integer("data_in", 6)); });
  commit(graph, [&](Transaction& t) { t.set_attribute(linear, "bias", false); });
  check_profiles(graph);
  for (int i = 0; i < 100; ++i) {  // more than a list of edits is kept for
    commit(graph, [&](Transaction& t) { t.set_format(linear, integer("weight", 2 + i % 7)); });
  }
  check_profiles(graph);
}

BOOST_AUTO_TEST_CASE(an_edit_that_changes_no_profile_leaves_them_shared) {
  const Graph graph = jsc_toy();
  const NodeId norm = graph.find("seq_blocks_0"), linear = graph.find("seq_blocks_2");
  const auto shared = [&](const std::function<void(Transaction&)>& edit) {
    Graph copy = graph;
    commit(copy, edit);
    return std::string(copy.profiles() == graph.profiles() ? "profiles " : "") +
           (copy.parameter_columns() == graph.parameter_columns() ? "parameters" : "");
  };
  graph.profiles();
  graph.parameter_columns();
  BOOST_TEST(shared([](Transaction&) {}) == "profiles parameters");
  BOOST_TEST(shared([&](Transaction& t) { t.set_attribute(norm, "eps", 0.5); }) ==
             "profiles parameters");
  BOOST_TEST(shared([&](Transaction& t) { t.set_format(linear, integer("weight", 4)); }) ==
             "parameters");
  BOOST_TEST(shared([&](Transaction& t) { t.set_parameter(linear, "bias", eight_zeros()); }) ==
             "profiles ");
}

BOOST_AUTO_TEST_CASE(nodes_that_are_alike_share_a_profile) {
  Graph graph = jsc_toy();
  // relu over 16, 8 and 8 channels.
  const NodeId wide = graph.find("seq_blocks_1"), one = graph.find("seq_blocks_4"),
               other = graph.find("seq_blocks_7");
  const auto profile = [&](NodeId id) { return graph.profiles()->of_node[index_of(id)]; };
  BOOST_TEST(profile(one) == profile(other));
  BOOST_TEST(profile(one) != profile(wide));
  commit(graph, [&](Transaction& t) { t.set_format(one, integer("data_in", 4)); });
  BOOST_TEST(profile(one) != profile(other));
  commit(graph, [&](Transaction& t) {
    for (const NodeId id : {wide, one, other}) t.set_format(id, integer("data_in", 5));
  });
  commit(graph, [&](Transaction& t) {
    for (const NodeId id : {wide, one, other}) t.clear_format(id, "data_in");
  });
  BOOST_TEST(profile(one) == profile(other));
  check_profiles(graph);
}

BOOST_AUTO_TEST_CASE(profiles_of_the_past_do_not_pile_up) {
  Graph graph = jsc_toy();
  const NodeId linear = graph.find("seq_blocks_2");
  std::size_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    commit(graph, [&](Transaction& t) { t.set_format(linear, integer("weight", 2 + i % 9)); });
    most = std::max(most, graph.profiles()->rows.size());
  }
  BOOST_TEST(most < 400U);
  check_profiles(graph);
}

BOOST_AUTO_TEST_CASE(profiles_outlive_the_graph_they_were_made_from) {
  auto first = std::make_unique<Graph>(quantized_toy());
  const Graph copy = *first;
  Graph edited = *first;
  const auto profiles = first->profiles();
  const auto parameters = first->parameter_columns();
  commit(edited, [&](Transaction& t) { t.clear_format(edited.find("seq_blocks_5"), "weight"); });
  first = nullptr;
  BOOST_TEST(copy.profiles() == profiles);
  BOOST_TEST(edited.parameter_columns() == parameters);
  check_profiles(copy);
  check_profiles(edited);
}

BOOST_AUTO_TEST_CASE(tied_parameters_have_one_storage) {
  Writer w;
  w.input({8});
  const NodeId first = w.linear("shared", 8, 8), second = w.linear("shared", 8, 8),
               third = w.linear("own", 8, 8);
  const Graph graph = w.finish(2);
  const auto columns = graph.parameter_columns();
  const auto weight = [&](NodeId id) { return columns->storage_id[columns->begin[index_of(id)]]; };
  BOOST_TEST(weight(first) == weight(second));
  BOOST_TEST(weight(first) != weight(third));
  BOOST_TEST(weight(first) != 0U);
  BOOST_TEST(graph.profiles()->of_node[index_of(first)] ==
             graph.profiles()->of_node[index_of(third)]);
}

BOOST_AUTO_TEST_CASE(threads_that_look_at_once_see_the_same_columns) {
  for (int round = 0; round < 50; ++round) {
    const Graph graph = quantized_toy();
    if (round % 2 == 0) graph.profiles();
    Graph edited = graph;
    commit(edited,
           [&](Transaction& t) { t.set_format(graph.find("seq_blocks_2"), integer("weight", 4)); });
    std::array<std::shared_ptr<const lathe::ProfileColumns>, 4> seen;
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < seen.size(); ++i) {
        threads.emplace_back([&, i] {
          const Graph own = i < 2 ? edited : graph;
          seen[i] = own.profiles();
          own.parameter_columns();
        });
      }
    }
    BOOST_TEST(seen[0] == seen[1]);
    BOOST_TEST(seen[2] == seen[3]);
    check_profiles(edited);
  }
}

BOOST_AUTO_TEST_SUITE_END()
