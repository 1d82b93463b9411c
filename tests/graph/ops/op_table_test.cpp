// What rows of the op table say of nodes: roles, names of inputs, rows that stay apart; and that
// the facts of a row agree with each other.
#include "core/graph/ops/op_table.hpp"
#include "core/graph/formats/sites.hpp"

#include "tests/graph/models.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using lathe::Graph;
using lathe::Node;
using lathe::NodeId;
using lathe::OpRow;
using lathe::Value;
using lathe_test::Writer;

namespace {

const OpRow& row(std::string_view op) { return *lathe::builtin_ops().find(op); }

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

NodeId constant(Writer& w, const char* name, Value::List shape) {
  lathe::NodeSpec spec;
  spec.opcode = lathe::Opcode::get_attr;
  spec.target = name;
  spec.attributes = Value::Map{{"shape", Value(std::move(shape))}};
  return w.edit().add(spec);
}

std::vector<std::string_view> roles(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return quantizable_roles(row(node.op), node);
}

using Roles = std::vector<std::string_view>;

}  // namespace

BOOST_AUTO_TEST_CASE(facts_of_a_row_agree_with_each_other) {
  const std::vector<std::string> counted_by_themselves = {"scaled_dot_product_attention",
                                                          "multi_head_attention", "interpolate"};
  for (const OpRow& r : lathe::builtin_ops().rows()) {
    BOOST_TEST_CONTEXT(r.op) {
      const bool is_layer =
          r.channels == LATHE_CHANNELS_LINEAR || r.channels == LATHE_CHANNELS_CONV ||
          r.channels == LATHE_CHANNELS_BATCH_NORM || r.channels == LATHE_CHANNELS_LAYER_NORM;
      // A wall has weights whose channels nothing follows: attention, group norms.
      const bool has_weights = contains(r.quantizable, "weight") && !r.module_class.empty();
      BOOST_TEST(is_layer == (has_weights && r.channels != LATHE_CHANNELS_WALL));
      BOOST_TEST(static_cast<bool>(r.shape));
      BOOST_TEST(static_cast<bool>(r.module_text) == !r.module_class.empty());
      if (!r.quantizable.empty()) {
        BOOST_TEST(r.bits != LATHE_BITS_NONE);
      }
      BOOST_TEST(static_cast<bool>(r.cost));
      // No convention tells these from others: their own cost has products and other operations.
      BOOST_TEST((r.counting == LATHE_COUNT_OWN) == contains(counted_by_themselves, r.op));
      for (const std::string& role : r.input_roles) {
        BOOST_TEST((role == "data_in" || contains(r.signature, role) ||
                    contains(r.operands, "data_in_1")));
      }
      BOOST_TEST(r.function.ends_with(r.op));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_format_can_sit_on_what_the_node_has) {
  Writer w;
  const NodeId x = w.input({4});
  const NodeId plain = w.module("a", "linear", {{"out_features", 4}});
  const NodeId bare = w.module("b", "linear", {{"out_features", 4}, {"bias", false}});
  const NodeId weight = constant(w, "weight", {4, 4}), bias = constant(w, "bias", {4});
  const NodeId whole = w.function("linear", {{x}, {weight}, {bias}});
  const NodeId half = w.function("linear", {{whole}, {weight}});
  const NodeId product = w.function("matmul", {{half}, {weight}});
  const NodeId act = w.function("relu", {{product}});
  const NodeId still = w.function("sigmoid", {{act}});
  const NodeId norm = w.module("c", "batch_norm1d");
  const NodeId fixed = w.module("d", "batch_norm1d", {{"affine", false}});
  const NodeId layer = w.function("layer_norm", {{fixed}, {Value(Value::List{4})}, {bias}, {bias}});
  const Graph graph = w.finish(2);
  BOOST_TEST((roles(graph, plain) == Roles{"data_in", "weight", "bias"}));
  BOOST_TEST((roles(graph, bare) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, whole) == Roles{"data_in", "weight", "bias"}));
  BOOST_TEST((roles(graph, half) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, product) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, act) == Roles{"data_in"}));
  BOOST_TEST((roles(graph, still) == Roles{}));
  BOOST_TEST((roles(graph, norm) == Roles{"data_in", "weight", "bias"}));
  BOOST_TEST((roles(graph, fixed) == Roles{"data_in"}));
  BOOST_TEST((roles(graph, layer) == Roles{"data_in", "weight", "bias"}));
  // A product's second operand plays the weight under a name of its own.
  BOOST_TEST(input_name(row("matmul"), graph.node(product), 1) == "data_in_1");
  BOOST_TEST(input_role(row("matmul"), graph.node(product), 1) == "weight");
  BOOST_TEST(input_name(row("linear"), graph.node(half), 1) == "weight");
}

BOOST_AUTO_TEST_CASE(weight_and_bias_of_a_function_are_known_by_name_wherever_they_stand) {
  Writer w;
  const NodeId x = w.input({4});
  const NodeId weight = constant(w, "weight", {4, 4}), bias = constant(w, "bias", {4});
  const auto function = [&](const char* op, std::vector<lathe::Argument> args,
                            std::vector<std::pair<std::string, lathe::Argument>> kwargs) {
    lathe::NodeSpec spec;
    spec.opcode = lathe::Opcode::call_function;
    spec.op = op;
    spec.args = std::move(args);
    spec.kwargs = std::move(kwargs);
    return w.edit().add(std::move(spec));
  };
  const NodeId named = function("linear", {{x}}, {{"weight", {weight}}, {"bias", {bias}}});
  const Value::List normalized{4};
  const NodeId only_bias =
      function("layer_norm", {{named}, {Value(normalized)}}, {{"bias", {bias}}});
  const NodeId none =
      function("layer_norm", {{only_bias}, {Value(normalized)}, {Value()}, {bias}}, {});
  const NodeId product = function("matmul", {{none}}, {{"other", {weight}}});
  w.function("relu", {{product}});
  const Graph graph = w.finish(2);
  const auto role = [&](NodeId id, std::size_t input) {
    return input_role(row(graph.node(id).op), graph.node(id), input);
  };
  BOOST_TEST(role(named, 0) == "data_in");
  BOOST_TEST(role(named, 1) == "weight");
  BOOST_TEST(role(named, 2) == "bias");
  BOOST_TEST(role(only_bias, 1) == "bias");
  BOOST_TEST(role(none, 1) == "bias");
  BOOST_TEST((roles(graph, none) == Roles{"data_in", "bias"}));
  BOOST_TEST(role(product, 0) == "data_in");
  BOOST_TEST(role(product, 1) == "weight");
}

BOOST_AUTO_TEST_CASE(channels_of_weights_lie_along_their_outputs) {
  Writer w;
  w.input({6, 8, 8});
  const Value::Map transposed{{"in_channels", 6}, {"out_channels", 4}, {"kernel_size", 2}};
  const NodeId up = w.module("up", "conv_transpose2d", transposed);
  const NodeId down =
      w.module("down", "conv2d", {{"in_channels", 4}, {"out_channels", 3}, {"kernel_size", 1}});
  const NodeId norm = w.module("norm", "batch_norm2d");
  const NodeId layer = w.module("layer", "layer_norm", {{"normalized_shape", 9}});
  const NodeId vector = constant(w, "vector", {9});
  const NodeId product = w.function("matmul", {{layer}, {vector}});
  const NodeId matrix = constant(w, "matrix", {9, 7});
  const NodeId wide = w.function("matmul", {{product}, {matrix}});
  const Graph graph = w.finish(2);
  const auto axis = [&](NodeId id, std::string_view role, std::uint32_t input = 0) {
    return lathe::site_of(graph, id, role, input).channel_axis;
  };
  BOOST_TEST(axis(up, "weight") == 1);
  BOOST_TEST(axis(down, "weight") == 0);
  BOOST_TEST(axis(norm, "weight") == 0);
  BOOST_TEST(axis(norm, "bias") == 0);
  BOOST_TEST(axis(layer, "weight") == 0);
  BOOST_TEST(axis(norm, "data_in") == 1);
  BOOST_TEST(axis(product, "weight", 1) == -1);
  BOOST_TEST(axis(wide, "weight", 1) == 1);
}

BOOST_AUTO_TEST_CASE(rows_stay_apart_unless_an_op_or_a_layout_mixes_them) {
  Writer w;
  const NodeId x = w.input({4, 6});
  const NodeId act = w.function("relu", {{x}});
  const NodeId over_columns = w.function("mean", {{act}, {Value(-1)}});
  const NodeId over_rows = w.function("mean", {{act}, {Value(0)}});
  const NodeId soft = w.function("softmax", {{act}, {Value(1)}});
  const NodeId across = w.function("softmax", {{act}, {Value(-3)}});
  const NodeId flat = w.function("flatten", {{act}, {Value(1)}});
  const NodeId all = w.function("flatten", {{act}});
  const NodeId size = w.method("size", {{act}, {Value(0)}});
  const NodeId by_size = w.method("view", {{act}, {size}, {Value(-1)}});
  const NodeId by_number = w.method("view", {{act}, {Value(2)}, {Value(-1)}});
  const NodeId open = w.method("reshape", {{act}, {Value(Value::List{-1, 24})}});
  const NodeId mixed = w.method("reshape", {{act}, {Value(Value::List{-1, 12})}});
  const NodeId spread = w.function("add", {{act}, {over_rows}});
  w.function("add", {{act}, {act}});
  const NodeId same = w.last();
  const Graph graph = w.finish(2);
  for (const NodeId id : {act, over_columns, soft, flat, size, by_size, open, same}) {
    BOOST_TEST(keeps_rows_apart(graph, id), graph.node(id).name);
  }
  for (const NodeId id : {over_rows, across, all, by_number, mixed, spread}) {
    BOOST_TEST(!keeps_rows_apart(graph, id), graph.node(id).name);
  }
}
