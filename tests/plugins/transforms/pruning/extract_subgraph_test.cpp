// Parts that are cut out of networks, and dropout that is taken out of them.
#include "pruning.hpp"

using namespace lathe_test;

namespace {

// x -> a -> b -> add(b, a) -> c
Graph branches() {
  Writer w(4);
  w.input({4});
  const NodeId a = w.linear("a", 4, 4);
  const NodeId b = w.linear("b", 4, 4);
  w.function("add", {{b}, {a}});
  w.linear("c", 4, 2);
  return trained(w.finish(3), 1);
}

std::string nodes_in(const Graph& graph) {
  std::string text;
  for (const NodeId id : graph.order()) text += graph.node(id).name + " ";
  return text;
}

Graph part(Graph graph, const json& options) {
  run_pass("extract_subgraph", graph, options, 3);
  lathe::verify(graph);
  return graph;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_lies_between_is_left_and_tensors_from_outside_come_in) {
  BOOST_TEST(nodes_in(branches()) == "x a b add c output ");
  BOOST_TEST(nodes_in(part(branches(), {{"from", {"b"}}, {"to", "add"}})) == "a b add output ");
  BOOST_TEST(nodes_in(part(branches(), {{"to", "b"}})) == "x a b output ");
  BOOST_TEST(nodes_in(part(branches(), {{"from", {"add"}}})) == "a b add c output ");
  BOOST_TEST(nodes_in(part(branches(), json::object())) == "x a b add c output ");
  BOOST_TEST(nodes_in(part(branches(), {{"from", {"x"}}, {"to", "a"}})) == "x a output ");
  BOOST_TEST(nodes_in(part(branches(), {{"from", {"c"}}, {"to", "c"}})) == "add c output ");
}

BOOST_AUTO_TEST_CASE(a_part_computes_what_it_did_inside_the_whole) {
  const Graph whole = branches();
  const auto engine = open_engine();
  const Tensor x = random_tensor(Shape{3, 4}, 6, -1, 1);
  const Tensor a = engine->run(part(whole, {{"to", "a"}}), {x}).at(0);
  const Graph middle = part(whole, {{"from", {"b"}}});
  BOOST_TEST(middle.node(middle.placeholders().at(0)).name == "a");
  const Tensor y = engine->run(middle, {a}).at(0), expected = engine->run(whole, {x}).at(0);
  BOOST_TEST((hash_of(y) == hash_of(expected)));
}

BOOST_AUTO_TEST_CASE(weights_masks_and_formats_come_along) {
  Graph whole = branches();
  run_pass("prune", whole, {{"weight", {{"sparsity", 0.5}}}}, 3);
  run_pass("quantize", whole,
           {{"by", "type"}, {"linear", {{"name", "integer"}, {"weight_width", 4}}}}, 3);
  const Graph cut = part(whole, {{"from", {"b"}}, {"to", "add"}});
  BOOST_TEST(contents_of(cut, "b", "weight") == contents_of(whole, "b", "weight"),
             boost::test_tools::per_element());
  BOOST_TEST(has_parameter(cut, "b", "weight_mask"));
  BOOST_TEST((cut.node(cut.find("b")).format("weight") != nullptr));
  BOOST_TEST(cut.node(cut.find("b")).parameter("weight")->qualified_name == "b.weight");
}

BOOST_AUTO_TEST_CASE(sizes_and_tensors_of_the_model_come_along_with_what_reads_them) {
  const Graph graph = toy_convnet();
  const Graph cut = part(graph, {{"from", {"view"}}, {"to", "block_3_0"}});
  BOOST_TEST(nodes_in(cut) == "block_2_1 size view block_3_0 output ");
}

BOOST_AUTO_TEST_CASE(what_is_no_part_is_refused_by_name) {
  const auto says = [](const json& options, std::initializer_list<const char*> words) {
    const std::string text = pass_refusal("extract_subgraph", branches(), options);
    for (const char* word : words) BOOST_TEST(text.find(word) != std::string::npos, text);
  };
  says({{"from", {"c"}}, {"to", "b"}}, {"node 'c'", "does not lead to 'b'"});
  says({{"from", {"a", "c"}}, {"to", "add"}}, {"node 'c'", "does not lead to 'add'"});
  says({{"to", "adds"}}, {"no node 'adds'", "did you mean 'add'"});
  says({{"from", {"nothing_like_it"}}}, {"no node 'nothing_like_it'", "report_graph"});
  says({{"to", "output"}}, {"node 'output'", "makes no tensor"});
}

BOOST_AUTO_TEST_CASE(dropout_goes_and_evaluation_stays) {
  Writer w(4);
  w.input({4});
  w.linear("a", 4, 4);
  w.module("drop", "dropout", {{"p", 0.5}});
  w.function("dropout", {{w.last()}, {Value(0.25)}});
  w.linear("b", 4, 2);
  const Graph whole = trained(w.finish(3), 1);
  Graph graph = whole;
  BOOST_TEST(scalar(run_pass("remove_dropout", graph, json::object(), 3), "removed") == 2);
  lathe::verify(graph);
  BOOST_TEST(nodes_in(graph) == "x a b output ");
  BOOST_TEST(computed(graph) == computed(whole), boost::test_tools::per_element());
  BOOST_TEST(scalar(run_pass("remove_dropout", graph, json::object(), 3), "removed") == 0);
}

BOOST_AUTO_TEST_CASE(a_dropout_at_the_end_goes_too) {
  Writer w(4);
  w.input({4});
  w.linear("a", 4, 4);
  w.module("drop", "dropout2d", {{"p", 0.5}});
  Graph graph = w.finish(3);
  run_pass("remove_dropout", graph, json::object(), 3);
  BOOST_TEST(nodes_in(graph) == "x a output ");
}
