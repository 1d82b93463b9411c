// Ops of networks of tokens: what they refuse, and with which words; their costs and facts. What
// they make is in tests/engine/torch_ops_test.cpp.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

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
  Argument of(List sample, const char* type = "float32") {
    return {
        placeholder(fmt::format("x{}", ++inputs), {{"shape", std::move(sample)}, {"dtype", type}})};
  }
  NodeId named(const char* op, std::vector<Argument> args, Kwargs kwargs = {}) {
    NodeSpec spec;
    spec.opcode = Opcode::call_function;
    spec.op = op;
    spec.args = std::move(args);
    spec.kwargs = std::move(kwargs);
    return edit().add(std::move(spec));
  }
  std::string refused() {
    return refusal([&] { finish(2); });
  }
  int inputs = 0;
};

std::string refused_rope(List sample, Kwargs kwargs = {}, const char* type = "float32") {
  Net w;
  w.named("rope", {w.of(std::move(sample), type)}, std::move(kwargs));
  return w.refused();
}

std::string refused_groups(List query, List key, List value) {
  Net w;
  w.named("scaled_dot_product_attention",
          {w.of(std::move(query)), w.of(std::move(key)), w.of(std::move(value))},
          {{"enable_gqa", {Value(true)}}});
  return w.refused();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_rules)

BOOST_AUTO_TEST_CASE(rope_refuses_what_it_cannot_turn) {
  BOOST_TEST(mentions(refused_rope({5, 7}), {"pairs", "even", "7", "[1, 5, 7]"}));
  BOOST_TEST(mentions(refused_rope({}), {"[..., length, width of a head]", "[1]"}));
  BOOST_TEST(mentions(refused_rope({5, 8}, {}, "int64"), {"float32", "int64"}));
  BOOST_TEST(mentions(refused_rope({5, 8}, {{"theta", {Value(0.0)}}}), {"'theta' = 0"}));
  BOOST_TEST(mentions(refused_rope({5, 8}, {{"pairing", {Value("halves")}}}),
                      {"'pairing'", "halves", "interleaved"}));
}

BOOST_AUTO_TEST_CASE(heads_of_keys_and_values_divide_those_of_queries) {
  BOOST_TEST(mentions(refused_groups({4, 5, 6}, {3, 5, 6}, {3, 5, 6}),
                      {"3 heads of keys and values", "the 4", "[1, 3, 5, 6]"}));
  BOOST_TEST(mentions(refused_groups({4, 5, 6}, {2, 5, 6}, {3, 5, 6}), {"3 heads", "the 4"}));
  BOOST_TEST(mentions(refused_groups({4}, {4}, {4}), {"'enable_gqa'", "[..., heads,"}));
  Net w;
  w.named("scaled_dot_product_attention", {w.of({4, 5, 6}), w.of({2, 5, 6}), w.of({2, 5, 6})});
  BOOST_TEST(mentions(w.refused(), {"[1, 4]", "[1, 2]", "broadcast"}));
}

BOOST_AUTO_TEST_CASE(a_mask_of_another_length_is_refused) {
  Net w;
  w.named("scaled_dot_product_attention",
          {w.of({4, 5, 6}), w.of({2, 5, 6}), w.of({2, 5, 6}), w.of({1, 1, 7}, "bool")},
          {{"enable_gqa", {Value(true)}}});
  BOOST_TEST(mentions(w.refused(), {"'attn_mask'", "[1, 1, 1, 7]", "[1, 4, 5, 5]"}));
}

BOOST_AUTO_TEST_CASE(grouped_attention_costs_what_each_head_would) {
  Net w;
  const NodeId id =
      w.named("scaled_dot_product_attention", {w.of({4, 5, 6}), w.of({2, 3, 6}), w.of({2, 3, 8})},
              {{"enable_gqa", {Value(true)}}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(id).result.shape.text() == "[2, 4, 5, 8]");
  BOOST_TEST(cost_of(graph, id)->macs == 2.0 * 4 * 5 * 3 * (6 + 8));
  BOOST_TEST(cost_of(graph, id)->elementwise == 2.0 * 4 * 5 * 3);
  BOOST_TEST(keeps_rows_apart(graph, id));
}

BOOST_AUTO_TEST_CASE(rms_norm_follows_layer_norm) {
  Net w;
  w.of({3, 4});
  const NodeId module = w.module("norm", "rms_norm", {{"normalized_shape", 4}});
  const NodeId turned = w.function("rope", {{module}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(module).parameters.size() == 1U);
  BOOST_TEST(graph.node(module).parameters[0].qualified_name == "norm.weight");
  BOOST_TEST(cost_of(graph, module)->elementwise == 4.0 * 2 * 3 * 4);
  BOOST_TEST(cost_of(graph, turned)->elementwise == 3.0 * 2 * 3 * 4);
  BOOST_TEST(keeps_rows_apart(graph, module));
  BOOST_TEST(keeps_rows_apart(graph, turned));
  BOOST_TEST(graph.ops().find("rms_norm")->module_text(graph.attributes(module)) ==
             "RMSNorm((4,), eps=None, elementwise_affine=True)");
  Net wrong;
  wrong.of({3, 4});
  wrong.module("norm", "rms_norm", {{"normalized_shape", 5}});
  BOOST_TEST(mentions(wrong.refused(), {"normalized_shape = [5]", "[1, 3, 4]"}));
  Net all;
  all.of({4});
  const NodeId batch = all.module("norm", "rms_norm", {{"normalized_shape", List{1, 4}}});
  const Graph mixed = all.finish(1);
  BOOST_TEST(!keeps_rows_apart(mixed, batch));
}

BOOST_AUTO_TEST_CASE(comparisons_give_truth_values) {
  Net w;
  const NodeId mask = w.named("ne", {w.of({5}, "int64"), {Value(0)}});
  const Graph graph = w.finish(2);
  BOOST_TEST((graph.node(mask).result.dtype == DType::boolean));
  BOOST_TEST(graph.node(mask).result.shape.text() == "[2, 5]");
  BOOST_TEST(keeps_rows_apart(graph, mask));
  Net types;
  types.named("eq", {types.of({5}, "int64"), types.of({5})});
  BOOST_TEST(mentions(types.refused(), {"int64", "float32", "agree"}));
  Net missing;
  missing.named("eq", {missing.of({5}, "int64")});
  BOOST_TEST(mentions(missing.refused(), {"'other'"}));
}

BOOST_AUTO_TEST_SUITE_END()
