// What number formats keep in a graph: names, shapes, what becomes of it under edits.
#include "core/graph/io/json.hpp"
#include "core/graph/operands.hpp"
#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

// Keeps a learned step per channel, and a buffer of two numbers.
OperandFormat keeping(const char* role, int width = 4) {
  OperandFormat format;
  format.role = role;
  format.format = "keeping";
  format.options = Value::Map{{"width", width}};
  format.precision = Value::List{width};
  format.saved_bits = width;
  format.state = {{"step", true, true, {}, 0.5}, {"range", false, false, Shape{2}, 0.0}};
  return format;
}

Graph with_formats(Graph graph, const char* node, const std::vector<OperandFormat>& formats) {
  Transaction edit(graph);
  for (const OperandFormat& format : formats) edit.set_format(graph.find(node), format);
  edit.commit();
  verify(graph);
  return graph;
}

Tensor numbers(const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, Shape{static_cast<std::int64_t>(values.size())}, values);
}

// "fc.weight_quantizer.step [5] learned; ..."
std::string states(const Graph& graph, const char* node) {
  std::string text;
  for (const Parameter& p : graph.node(graph.find(node)).parameters) {
    if (!p.is_state()) continue;
    text += p.qualified_name + " " + p.shape.text() + (p.is_buffer ? "; " : " learned; ");
  }
  return text;
}

float first(const Graph& graph, const char* node, const char* state) {
  return graph.node(graph.find(node)).parameter(state)->content->tensor().values<float>()[0];
}

// 16 inputs, 5 outputs, batch 8.
Graph one_linear() {
  Writer w;
  w.input({16});
  w.linear("blocks.fc", 16, 5);
  return w.finish(8);
}

const std::string kWeight =
    "blocks.fc.weight_quantizer.step [5] learned; blocks.fc.weight_quantizer.range [2]; ";

}  // namespace

BOOST_AUTO_TEST_SUITE(format_state)

BOOST_AUTO_TEST_CASE(each_tensor_has_its_own_named_after_it) {
  const Graph graph =
      with_formats(one_linear(), "blocks_fc",
                   {keeping("weight"), keeping("data_in"), keeping("bias"), keeping("data_out")});
  BOOST_TEST(states(graph, "blocks_fc") ==
             "blocks.fc.data_in_quantizer.step [16] learned; "
             "blocks.fc.data_in_quantizer.range [2]; " +
                 kWeight +
                 "blocks.fc.bias_quantizer.step [5] learned; blocks.fc.bias_quantizer.range [2]; "
                 "blocks.fc.data_out_quantizer.step [5] learned; "
                 "blocks.fc.data_out_quantizer.range [2]; ");
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.step") == 0.5F);
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.range") == 0.0F);
}

BOOST_AUTO_TEST_CASE(inputs_of_one_role_are_told_apart_and_functions_go_by_their_nodes) {
  Writer w;
  const NodeId x = w.input({4, 6});
  const NodeId y = w.placeholder("y", {{"shape", Value::List{6, 5}}});
  const NodeId sum = w.function("add", {{x}, {x}});
  w.function("matmul", {{sum}, {y}});
  const Graph graph = with_formats(with_formats(w.finish(2), "add", {keeping("data_in")}), "matmul",
                                   {keeping("data_in"), keeping("weight")});
  BOOST_TEST(states(graph, "add") ==
             "add.data_in_0_quantizer.step [4] learned; add.data_in_0_quantizer.range [2]; "
             "add.data_in_1_quantizer.step [4] learned; add.data_in_1_quantizer.range [2]; ");
  // The columns of the second factor are those of the result: 5.
  BOOST_TEST(states(graph, "matmul") ==
             "matmul.data_in_quantizer.step [4] learned; matmul.data_in_quantizer.range [2]; "
             "matmul.weight_quantizer.step [5] learned; matmul.weight_quantizer.range [2]; ");
}

BOOST_AUTO_TEST_CASE(what_has_no_channels_has_one_number) {
  Writer w;
  const NodeId x = w.input({6});
  w.function("flatten", {{x}, {Value(0)}});
  w.relu("act", false);
  const Graph graph = with_formats(w.finish(3), "act", {keeping("data_in")});
  BOOST_TEST(states(graph, "act") ==
             "act.data_in_quantizer.step [1] learned; act.data_in_quantizer.range [2]; ");
}

BOOST_AUTO_TEST_CASE(it_is_no_parameter_of_the_layer_and_an_operand_of_its_own_kind) {
  const Graph plain = one_linear();
  const Graph graph = with_formats(plain, "blocks_fc", {keeping("weight")});
  BOOST_TEST(graph.parameter_count() == 16 * 5 + 5);
  BOOST_TEST(graph.parameters().size() == plain.parameters().size() + 2);
  const auto rows = operands_of(graph, graph.find("blocks_fc"));
  BOOST_REQUIRE(rows.size() == 6U);  // input, weight, bias, output, two of state
  BOOST_TEST(rows[3].kind == LATHE_OPERAND_OUTPUT);
  for (std::size_t i : {4U, 5U}) {
    BOOST_TEST(rows[i].kind == LATHE_OPERAND_STATE);
    BOOST_TEST(int{rows[i].role} == int{LATHE_ROLE_NONE});
    BOOST_TEST(rows[i].type == "float");
  }
  BOOST_TEST(rows[4].name == "weight_quantizer.step");
  const lathe::Parameter* step =
      graph.node(graph.find("blocks_fc")).parameter("weight_quantizer.step");
  BOOST_REQUIRE(step != nullptr);
  BOOST_TEST(step->qualified_name == "blocks.fc.weight_quantizer.step");
}

BOOST_AUTO_TEST_CASE(it_goes_with_its_format_and_stays_only_with_the_same_one) {
  Graph graph = with_formats(one_linear(), "blocks_fc", {keeping("weight")})
                    .with_parameters({{"blocks.fc.weight_quantizer.step",
                                       numbers({1.5F, 1.5F, 1.5F, 1.5F, 1.5F})}});
  graph = with_formats(graph, "blocks_fc", {keeping("weight")});
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.step") == 1.5F);
  Graph other = with_formats(graph, "blocks_fc", {keeping("weight", 8)});
  BOOST_TEST(first(other, "blocks_fc", "weight_quantizer.step") == 0.5F);
  Transaction edit(graph);
  edit.clear_format(graph.find("blocks_fc"), "weight");
  edit.commit();
  verify(graph);
  BOOST_TEST(states(graph, "blocks_fc") == "");
}

BOOST_AUTO_TEST_CASE(it_follows_the_layers_width) {
  Graph graph = with_formats(one_linear(), "blocks_fc", {keeping("weight")});
  Transaction edit(graph);
  edit.set_attribute(graph.find("blocks_fc"), "out_features", Value(7));
  edit.commit();
  BOOST_TEST(states(graph, "blocks_fc") ==
             "blocks.fc.weight_quantizer.step [7] learned; blocks.fc.weight_quantizer.range [2]; ");
  BOOST_TEST(states(graph.with_batch(3), "blocks_fc") == states(graph, "blocks_fc"));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_renamed_keeps_it_under_the_new_name) {
  Writer w;
  const NodeId x = w.input({4});
  w.function("add", {{x}, {Value(1.0)}});
  Graph graph = with_formats(w.finish(2), "add", {keeping("data_in")})
                    .with_parameters({{"add.data_in_quantizer.range", numbers({3.0F, 4.0F})}});
  Transaction edit(graph);
  edit.rename(graph.find("add"), "sum");
  edit.commit();
  BOOST_TEST(states(graph, "sum") ==
             "sum.data_in_quantizer.step [4] learned; sum.data_in_quantizer.range [2]; ");
  BOOST_TEST(first(graph, "sum", "data_in_quantizer.range") == 3.0F);
}

BOOST_AUTO_TEST_CASE(what_a_node_computes_hangs_on_it) {
  const Graph graph = with_formats(one_linear(), "blocks_fc", {keeping("weight")});
  const Graph changed =
      graph.with_parameters({{"blocks.fc.weight_quantizer.range", numbers({0.0F, 1.0F})}});
  BOOST_TEST((graph.hash(graph.output()) != changed.hash(changed.output())));
  BOOST_TEST((graph.hash(graph.output()) ==
              with_formats(one_linear(), "blocks_fc", {keeping("weight")}).hash(graph.output())));
}

BOOST_AUTO_TEST_CASE(the_json_form_holds_what_is_kept) {
  const Graph graph =
      with_formats(one_linear(), "blocks_fc", {keeping("weight"), keeping("data_in")});
  const Graph again = graph_from_json(graph_to_json(graph), 0).with_batch(8);
  BOOST_TEST(states(again, "blocks_fc") == states(graph, "blocks_fc"));
  BOOST_TEST(graph_to_json(again).text() == graph_to_json(graph).text());
  BOOST_TEST((*again.node(again.find("blocks_fc")).format("weight") == keeping("weight")));
}

BOOST_AUTO_TEST_CASE(spare_state_is_taken_by_name_once_a_format_asks_for_it) {
  const Graph spare =
      one_linear().with_spare_state({{"blocks.fc.weight_quantizer.range", numbers({7.0F, 8.0F})}});
  const Graph graph = with_formats(spare, "blocks_fc", {keeping("weight"), keeping("data_in")});
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.range") == 7.0F);
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.step") == 0.5F);
  BOOST_TEST(first(graph, "blocks_fc", "data_in_quantizer.range") == 0.0F);
  const Graph wrong =
      one_linear().with_spare_state({{"blocks.fc.weight_quantizer.step", numbers({7.0F})}});
  BOOST_TEST(mentions(refusal([&] { with_formats(wrong, "blocks_fc", {keeping("weight")}); }),
                      {"blocks_fc", "'blocks.fc.weight_quantizer.step'", "[5]", "[1]"}));
}

BOOST_AUTO_TEST_CASE(contents_are_given_by_name_as_to_any_parameter) {
  Graph graph = with_formats(one_linear(), "blocks_fc", {keeping("weight")});
  Transaction edit(graph);
  edit.set_parameter(graph.find("blocks_fc"), "weight_quantizer.range", numbers({1.0F, 2.0F}));
  edit.commit();
  BOOST_TEST(first(graph, "blocks_fc", "weight_quantizer.range") == 1.0F);
}

BOOST_AUTO_TEST_SUITE_END()
