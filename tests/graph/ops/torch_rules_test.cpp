// What ops of attention nets and of other people's networks refuse, and with which words; their
// costs, and results of several tensors. What they make is in tests/engine/torch_ops_test.cpp.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/operands.hpp"
#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

using lathe::DType;
using lathe::Graph;
using lathe::NodeId;
using lathe::Opcode;
using lathe::Value;
using lathe_test::Argument;
using lathe_test::mentions;
using lathe_test::NodeSpec;
using lathe_test::refusal;
using lathe_test::Writer;

namespace {

using List = Value::List;
using Kwargs = std::vector<std::pair<std::string, Argument>>;

struct Net : Writer {
  Argument floats(List sample, const char* type = "float32") {
    return {
        placeholder(fmt::format("x{}", ++inputs), {{"shape", std::move(sample)}, {"dtype", type}})};
  }
  Argument constant(List shape, const char* type) {
    NodeSpec spec;
    spec.opcode = Opcode::get_attr;
    spec.target = fmt::format("c{}", ++inputs);
    spec.attributes = Value::Map{{"shape", std::move(shape)}, {"dtype", type}};
    return {edit().add(std::move(spec))};
  }
  NodeId heads(Value::Map attributes, std::vector<Argument> args, Kwargs kwargs = {}) {
    attributes.insert(attributes.begin(), {{"embed_dim", 8}, {"num_heads", 2}});
    NodeSpec spec;
    spec.op = "multi_head_attention";
    spec.target = "layer";
    spec.args = std::move(args);
    spec.kwargs = std::move(kwargs);
    spec.attributes = Value(std::move(attributes));
    return edit().add(std::move(spec));
  }
  std::string refused() {
    return refusal([&] { finish(2); });
  }
  int inputs = 0;
};

// What a function of a float input [2, 3, 4] and these arguments refuses.
std::string refused(const char* op, std::vector<Argument> more) {
  Net w;
  more.insert(more.begin(), w.floats({3, 4}));
  w.function(op, std::move(more));
  return w.refused();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_rules)

BOOST_AUTO_TEST_CASE(masks_are_of_type_bool) {
  BOOST_TEST(
      mentions(refused("where", {{Value(1)}, {Value(2)}}), {"'condition'", "bool", "float32"}));
  BOOST_TEST(
      mentions(refused("masked_fill", {{Value(true)}, {Value(1)}}), {"'mask'", "no tensor"}));
  Net w;
  const Argument mask = w.constant({4}, "bool"), ids = w.floats({4}, "int64");
  w.function("where", {mask, w.floats({3, 4}), ids});
  BOOST_TEST(mentions(w.refused(), {"float32", "int64", "agree"}));
  Net text;
  text.function("where", {text.constant({4}, "bool"), text.floats({4}), {Value("inff")}});
  BOOST_TEST(mentions(text.refused(), {"'other'", "tensor or a number"}));
  Net missing;
  missing.function("where", {missing.constant({4}, "bool"), missing.floats({4})});
  BOOST_TEST(mentions(missing.refused(), {"'other'", "missing"}));
  Net numbers;
  const NodeId both =
      numbers.function("where", {numbers.constant({3, 1}, "bool"), {Value(1)}, {Value(2.5)}});
  const Graph graph = numbers.finish(2);
  BOOST_TEST(graph.node(both).result.shape.text() == "[3, 1]");
  BOOST_TEST((graph.node(both).result.dtype == DType::float32));
}

BOOST_AUTO_TEST_CASE(impossible_arguments_are_named) {
  BOOST_TEST(mentions(refused("clamp", {}), {"neither 'min' nor 'max'"}));
  BOOST_TEST(mentions(refused("maximum", {{Value(2)}}), {"at least 2 tensor inputs"}));
  BOOST_TEST(mentions(refused("squeeze", {{Value(List{1, 5})}}), {"'dim' = 5"}));
  BOOST_TEST(mentions(refused("max", {{Value()}, {Value(true)}}), {"'keepdim'", "'dim'"}));
  BOOST_TEST(mentions(refused("split", {{Value(0)}}), {"at least 1"}));
  BOOST_TEST(mentions(refused("split", {{Value(List{1, 1})}, {Value(1)}}),
                      {"[1, 1]", "dimension 1", "[1, 3, 4]"}));
  BOOST_TEST(mentions(refused("split", {{Value(List{-1, 4})}, {Value(1)}}), {"[-1, 4]"}));
  BOOST_TEST(mentions(refused("chunk", {{Value(0)}}), {"'chunks' = 0"}));
  BOOST_TEST(mentions(refused("floordiv", {{Value(2)}}), {"divides sizes"}));
  BOOST_TEST(mentions(refused("interpolate", {}), {"'size'", "'scale_factor'"}));
  BOOST_TEST(mentions(refused("interpolate", {{Value()}, {Value("2")}}),
                      {"'scale_factor'", "positive number"}));
  BOOST_TEST(mentions(refused("interpolate", {{Value(List{2, 2})}}), {"'size'", "2 numbers"}));
  BOOST_TEST(mentions(refused("interpolate", {{Value(2)}, {Value()}, {Value("bilinear")}}),
                      {"bilinear", "2 dimensions"}));
  BOOST_TEST(mentions(refused("interpolate", {{Value(2)}, {Value()}, {Value("lanczos")}}),
                      {"lanczos", "nearest"}));
  BOOST_TEST(
      mentions(refused("interpolate", {{Value(2)}, {Value()}, {Value("nearest")}, {Value(true)}}),
               {"nearest", "align_corners"}));
  BOOST_TEST(mentions(refused("interpolate", {{Value()}, {Value(1e300)}}), {"too large"}));
  BOOST_TEST(mentions(refused("group_norm", {{Value(2)}}), {"'num_groups' = 2", "3 channels"}));
  Net w;
  w.input({4});
  w.module("table", "linear", {{"out_features", 2}});
  w.function("arange", {{Value(3)}, {Value(1)}});
  BOOST_TEST(mentions(w.refused(), {"from 3 to 1"}));
}

BOOST_AUTO_TEST_CASE(sizes_are_divided_as_python_does) {
  Net w;
  const Argument x = w.floats({7});
  const NodeId rows = w.method("size", {x, {Value(1)}});
  const NodeId half = w.function("floordiv", {{rows}, {Value(-2)}});
  const NodeId count = w.function("arange", {{rows}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(half).result.value.as_int() == -4);
  BOOST_TEST(graph.node(count).result.shape.text() == "[7]");
  BOOST_TEST((graph.node(count).result.dtype == DType::int64));
  Net zero;
  const NodeId size = zero.method("size", {zero.floats({7}), {Value(1)}});
  zero.function("floordiv", {{size}, {Value(0)}});
  BOOST_TEST(mentions(zero.refused(), {"divided by 0"}));
}

BOOST_AUTO_TEST_CASE(several_results_are_taken_one_by_one) {
  Net w;
  const Argument x = w.floats({3, 10});
  const NodeId parts = w.function("split", {x, {Value(4)}, {Value(-1)}});
  const NodeId last = w.function("getitem", {{parts}, {Value(-1)}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(parts).result.is_several());
  BOOST_TEST(!graph.node(parts).result.is_tensor());
  BOOST_TEST(graph.node(last).result.shape.text() == "[2, 3, 2]");
  BOOST_TEST(operands_of(graph, parts).size() == 1U);  // what it splits
  BOOST_TEST(lathe::keeps_rows_apart(graph, parts));
  BOOST_TEST(lathe::keeps_rows_apart(graph, last));
  const auto taken = [](Value index) {
    Net net;
    const NodeId chunks = net.function("chunk", {net.floats({4}), {Value(2)}, {Value(1)}});
    net.function("getitem", {{chunks}, {std::move(index)}});
    return net.refused();
  };
  BOOST_TEST(mentions(taken(2), {"getitem", "index 2", "2 elements"}));
  BOOST_TEST(mentions(taken(List{0, 1}), {"tuple of tensors", "one integer"}));
  Net whole;
  const NodeId chunks = whole.function("chunk", {whole.floats({4}), {Value(2)}, {Value(1)}});
  whole.function("relu", {{chunks}});
  BOOST_TEST(mentions(whole.refused(), {"'relu'", "input 0 is not a tensor"}));
}

BOOST_AUTO_TEST_CASE(attention_refuses_what_does_not_fit) {
  const auto attention = [](List query, List key, List value, std::vector<Argument> more = {}) {
    Net w;
    std::vector<Argument> args{w.floats(std::move(query)), w.floats(std::move(key)),
                               w.floats(std::move(value))};
    args.insert(args.end(), more.begin(), more.end());
    w.function("scaled_dot_product_attention", std::move(args));
    return w.refused();
  };
  BOOST_TEST(mentions(attention({5, 4}, {5, 3}, {5, 4}), {"differ in length", "[1, 5, 3]"}));
  BOOST_TEST(mentions(attention({5, 4}, {5, 4}, {6, 4}), {"as many values as keys"}));
  BOOST_TEST(mentions(attention({5, 4}, {5, 4}, {5, 4}, {{Value()}, {Value(0.1)}}),
                      {"'dropout_p' = 0.1", "evaluation"}));
  Net w;
  w.function("scaled_dot_product_attention",
             {w.floats({5, 4}), w.floats({5, 4}), w.floats({5, 4}), w.constant({4, 5}, "bool")});
  BOOST_TEST(mentions(w.refused(), {"'attn_mask'", "[4, 5]", "[1, 5, 5]"}));
}

BOOST_AUTO_TEST_CASE(attention_in_heads_refuses_what_does_not_fit) {
  const auto heads = [](Value::Map attributes, List sample, Kwargs kwargs = {}) {
    Net w;
    const Argument x = w.floats(std::move(sample));
    w.heads(std::move(attributes), {x, x, x}, std::move(kwargs));
    return w.refused();
  };
  BOOST_TEST(mentions(heads({{"kdim", 3}}, {5, 8}), {"key", "kdim = 3", "[1, 5, 8]"}));
  BOOST_TEST(mentions(heads({{"dropout", 1.5}}, {5, 8}), {"'dropout' = 1.5"}));
  BOOST_TEST(mentions(heads({}, {8}), {"query", "[length, batch, width]"}));
  BOOST_TEST(
      mentions(heads({}, {5, 8}, {{"is_causal", {Value(true)}}}), {"'attn_mask' is missing"}));
  BOOST_TEST(mentions(heads({}, {5, 8}, {{"need_weight", {Value(true)}}}),
                      {"unknown argument 'need_weight'", "need_weights"}));
  BOOST_TEST(mentions(heads({}, {5, 8}, {{"need_weights", {Value(2)}}}), {"true or false"}));
  BOOST_TEST(mentions(heads({}, {5, 8}, {{"key", {Value(2)}}}), {"'key' is given twice"}));
  Net two;
  two.heads({}, {two.floats({5, 8}), two.floats({5, 8})});
  BOOST_TEST(mentions(two.refused(), {"'value' is missing"}));
  Net mask;
  const Argument x = mask.floats({5, 8});
  mask.heads({{"batch_first", true}}, {x, x, x}, {{"attn_mask", mask.constant({5, 4}, "bool")}});
  BOOST_TEST(mentions(mask.refused(), {"'attn_mask'", "[5, 4]", "[5, 5]"}));
}

BOOST_AUTO_TEST_CASE(attention_costs_its_products_and_its_softmax) {
  Net w;
  const Argument x = w.floats({5, 8}), y = w.floats({3, 8});
  const NodeId module = w.heads({{"batch_first", true}}, {x, y, y});
  const NodeId function =
      w.function("scaled_dot_product_attention", {x, y, y, {Value()}, {Value(0.0)}});
  const Graph graph = w.finish(2);
  // Projections of 5 queries, 3 keys, 3 values and 5 results; 5 * 3 scores of 8 numbers, twice.
  const lathe::Cost heads = *cost_of(graph, module);
  BOOST_TEST(heads.macs == 2.0 * 8 * 8 * (5 + 3 + 3 + 5) + 2.0 * 2 * 5 * 3 * 8);
  BOOST_TEST(heads.elementwise == 2.0 * 2 * 5 * 3);
  BOOST_TEST(heads.parameters == 4.0 * 8 * 8);
  const lathe::Cost plain = *cost_of(graph, function);
  BOOST_TEST(plain.macs == 2.0 * 2 * 5 * 3 * 8);
  BOOST_TEST(plain.elementwise == 2.0 * 5 * 3);
}

BOOST_AUTO_TEST_CASE(addmm_counts_as_a_linear_layer) {
  Net w;
  const Argument bias = w.constant({6}, "float32"), weight = w.constant({4, 6}, "float32");
  const NodeId id = w.function("addmm", {bias, w.floats({4}), weight});
  const Graph graph = w.finish(2);
  BOOST_TEST(cost_of(graph, id)->macs == 2.0 * 4 * 6);
  BOOST_TEST(cost_of(graph, id)->input_elements == 8);
  const lathe::OpRow& row = *graph.ops().find("addmm");
  BOOST_TEST(input_role(row, graph.node(id), 0) == "bias");
  BOOST_TEST(input_role(row, graph.node(id), 1) == "data_in");
  BOOST_TEST(input_role(row, graph.node(id), 2) == "weight");
  Net wrong;
  wrong.function("addmm", {wrong.constant({5}, "float32"), wrong.floats({4}),
                           wrong.constant({4, 6}, "float32")});
  BOOST_TEST(mentions(wrong.refused(), {"[5]", "spread", "[1, 6]"}));
}

BOOST_AUTO_TEST_SUITE_END()
