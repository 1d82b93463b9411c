// Backward counts: which gradients are asked for follows from the graph.
#include "tests/graph/models.hpp"
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

struct Backward {
  double without, to_input;
};

Backward backward(const lathe::Graph& graph) {
  Workbench bench(1);
  lathe::Graph counted = graph;
  const lathe::PassReport report = bench.run("flops", counted);
  return {scalar(report, "flop_counter_backward"),
          scalar(report, "flop_counter_backward_to_input")};
}

NodeId tensor_of_model(Writer& w, const char* name, Value::List shape, bool buffer) {
  NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = name;
  spec.attributes = Value(Value::Map{{"shape", std::move(shape)}, {"buffer", buffer}});
  return w.edit().add(std::move(spec));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backward_counts)

// PyTorch's own test_flop_counter.py.
BOOST_AUTO_TEST_CASE(resnet18_counts_as_pytorch_counts_it) {
  Workbench bench(1);
  lathe::Graph graph = bench.model("resnet18");
  const lathe::PassReport report = bench.run("flops", graph);
  BOOST_TEST(scalar(report, "flop_counter") + scalar(report, "flop_counter_backward_to_input") ==
             10'884'440'064.0);
  BOOST_TEST(scalar(report, "flop_counter") + scalar(report, "flop_counter_backward") ==
             10'648'412'160.0);
  double forward = 0, back = 0;
  for (const auto& row : table(report, "nodes").rows) {
    const std::string name = row[0].as_string();
    if (!name.starts_with("layer1")) continue;
    forward += cell(table(report, "nodes_forward"), name, "flop_counter").as_float();
    back += cell(table(report, "nodes_backward"), name, "flop_counter_backward").as_float();
  }
  BOOST_TEST(forward == 924'844'032.0);
  BOOST_TEST(back == 1'849'688'064.0);
}

// 4 x 3 + 3 x 2 MACs: the weight's gradient of both, the input's of the second.
BOOST_AUTO_TEST_CASE(the_first_layer_makes_no_gradient_of_its_input) {
  Writer w;
  w.input({4});
  w.linear("a", 4, 3);
  w.relu("r", false);
  w.linear("b", 3, 2);
  const Backward found = backward(w.finish(5));
  BOOST_TEST(found.without == 5 * 2 * (12 + 6 + 6));
  BOOST_TEST(found.to_input == 5 * 2 * (12 + 12 + 6 + 6));
}

// Something trained lies before the first linear layer.
BOOST_AUTO_TEST_CASE(a_trained_normalisation_before_it_asks_for_the_gradient) {
  Writer w;
  w.input({4});
  w.batch_norm("norm", 4);
  w.linear("a", 4, 3);
  const Backward found = backward(w.finish(1));
  BOOST_TEST(found.without == 2 * 2 * 12);
  BOOST_TEST(found.to_input == found.without);

  Writer fixed;
  fixed.input({4});
  fixed.module("norm", "batch_norm1d", {{"num_features", 4}, {"affine", false}});
  fixed.linear("a", 4, 3);
  BOOST_TEST(backward(fixed.finish(1)).without == 2 * 12);
}

BOOST_AUTO_TEST_CASE(products_of_two_inputs_make_a_gradient_of_each_that_needs_one) {
  Writer w;
  const NodeId x = w.input({4, 4});
  w.function("matmul", {{x}, {x}});
  const Backward plain = backward(w.finish(1));
  BOOST_TEST(plain.without == 0);
  BOOST_TEST(plain.to_input == 2 * 2 * 64);

  Writer learned;
  const NodeId left = learned.input({4, 4});
  const NodeId right = tensor_of_model(learned, "w", {4, 4}, false);
  learned.function("matmul", {{left}, {right}});
  BOOST_TEST(backward(learned.finish(1)).without == 2 * 64);

  Writer kept;  // a buffer is not trained
  const NodeId input = kept.input({4, 4});
  const NodeId buffer = tensor_of_model(kept, "w", {4, 4}, true);
  kept.function("matmul", {{input}, {buffer}});
  BOOST_TEST(backward(kept.finish(1)).without == 0);
}

BOOST_AUTO_TEST_CASE(indexes_have_no_gradient) {
  Writer w;
  w.placeholder("x", {{"shape", Value::List{3}}, {"dtype", "int64"}});
  w.module("e", "embedding", {{"num_embeddings", 9}, {"embedding_dim", 4}});
  w.linear("a", 4, 2);
  const Backward found = backward(w.finish(1));
  BOOST_TEST(found.without == 2 * 2 * 3 * 8);
  BOOST_TEST(found.to_input == found.without);
}

BOOST_AUTO_TEST_CASE(what_the_output_does_not_depend_on_has_none) {
  Writer w;
  const NodeId x = w.input({4});
  w.linear("used", 4, 4);
  const NodeId used = w.last();
  NodeSpec unused;
  unused.op = "linear";
  unused.target = "unused";
  unused.args = {Argument{x}};
  unused.attributes = Value(Value::Map{{"in_features", 4}, {"out_features", 4}});
  w.edit().add(std::move(unused));
  w.function("add", {{used}, {Value(1)}});
  const lathe::Graph graph = w.finish(1);
  Workbench bench(1);
  lathe::Graph counted = graph;
  const lathe::PassReport report = bench.run("flops", counted);
  BOOST_TEST(scalar(report, "macs") == 32);
  BOOST_TEST(scalar(report, "flop_counter_backward") == 2 * 16);
}

BOOST_AUTO_TEST_SUITE_END()
