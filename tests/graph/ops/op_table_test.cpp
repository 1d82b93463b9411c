// What rows of the op table say of nodes: roles, names of inputs, rows that stay apart; and that
// the facts of a row agree with each other.
#include "core/graph/ops/op_table.hpp"

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
  for (const OpRow& r : lathe::builtin_ops().rows()) {
    BOOST_TEST_CONTEXT(r.op) {
      const bool is_layer =
          r.channels == LATHE_CHANNELS_LINEAR || r.channels == LATHE_CHANNELS_CONV;
      BOOST_TEST(is_layer == (contains(r.quantizable, "weight") && !r.module_class.empty()));
      BOOST_TEST(static_cast<bool>(r.shape));
      BOOST_TEST(static_cast<bool>(r.module_text) == !r.module_class.empty());
      if (!r.quantizable.empty()) {
        BOOST_TEST(r.bits != LATHE_BITS_NONE);
        BOOST_TEST(static_cast<bool>(r.cost.mase));
      }
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
  const NodeId still = w.function("tanh", {{act}});
  const Graph graph = w.finish(2);
  BOOST_TEST((roles(graph, plain) == Roles{"data_in", "weight", "bias"}));
  BOOST_TEST((roles(graph, bare) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, whole) == Roles{"data_in", "weight", "bias"}));
  BOOST_TEST((roles(graph, half) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, product) == Roles{"data_in", "weight"}));
  BOOST_TEST((roles(graph, act) == Roles{"data_in"}));
  BOOST_TEST((roles(graph, still) == Roles{}));
  // A product's second operand plays the weight under a name of its own.
  BOOST_TEST(input_name(row("matmul"), graph.node(product), 1) == "data_in_1");
  BOOST_TEST(input_role(row("matmul"), graph.node(product), 1) == "weight");
  BOOST_TEST(input_name(row("linear"), graph.node(half), 1) == "weight");
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
