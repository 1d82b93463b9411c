// Masks of parameters: what they do to contents, what becomes of them under edits and in files.
#include "core/graph/io/json.hpp"
#include "core/graph/operands.hpp"
#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

Tensor numbers(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), values);
}

// 3 inputs, 2 outputs.
Graph one_linear() {
  Writer w(3);
  w.input({3});
  w.linear("fc", 3, 2);
  return w.finish(4);
}

Graph masked(Graph graph, const char* node, const char* parameter, const Tensor& mask) {
  Transaction edit(graph);
  edit.set_mask(graph.find(node), parameter, mask);
  edit.commit();
  verify(graph);
  return graph;
}

const Tensor& half() {
  static const Tensor mask = numbers(Shape{2, 3}, {1, 0, 1, 0, 0, 1});
  return mask;
}

const Parameter* parameter(const Graph& graph, const char* node, const char* name) {
  return graph.node(graph.find(node)).parameter(name);
}

std::vector<float> contents(const Graph& graph, const char* node, const char* name) {
  const auto values = parameter(graph, node, name)->content->tensor().values<float>();
  return {values.begin(), values.end()};
}

std::string refused_mask(const char* node, const char* name, const Tensor& mask) {
  Graph graph = one_linear();
  const std::uint32_t epoch = graph.epoch();
  const std::string text = refusal([&] {
    Transaction edit(graph);
    edit.set_mask(graph.find(node), name, mask);
    edit.commit();
  });
  BOOST_TEST(graph.epoch() == epoch);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_masked_parameter_reads_as_zero_where_the_mask_is) {
  const Graph plain = one_linear();
  const std::vector<float> whole = contents(plain, "fc", "weight");
  const Graph graph = masked(plain, "fc", "weight", half());
  const std::vector<float> expected{whole[0], 0, whole[2], 0, 0, whole[5]};
  BOOST_TEST(contents(graph, "fc", "weight") == expected, boost::test_tools::per_element());
  const Parameter* mask = parameter(graph, "fc", "weight_mask");
  BOOST_REQUIRE(mask != nullptr);
  BOOST_TEST(mask->qualified_name == "fc.weight_mask");
  BOOST_TEST(mask->is_buffer);
  BOOST_TEST(graph.parameter_count() == plain.parameter_count());
  BOOST_TEST(contents(plain, "fc", "weight") == whole, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(zeros_stand_where_the_mask_is_even_over_what_is_no_number) {
  Graph graph = one_linear();
  Transaction edit(graph);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  edit.set_parameter(graph.find("fc"), "weight", numbers(Shape{2, 3}, {1, nan, -3, -4, nan, 6}));
  edit.set_mask(graph.find("fc"), "weight", half());
  edit.commit();
  const std::vector<float> expected{1, 0, -3, 0, 0, 6};
  const std::vector<float> found = contents(graph, "fc", "weight");
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  for (const float x : found) BOOST_TEST((x != 0 || !std::signbit(x)));
}

BOOST_AUTO_TEST_CASE(contents_that_are_given_later_are_masked_too) {
  Graph graph = masked(one_linear(), "fc", "weight", half());
  Transaction edit(graph);
  edit.set_parameter(graph.find("fc"), "weight", numbers(Shape{2, 3}, {1, 2, 3, 4, 5, 6}));
  edit.commit();
  const std::vector<float> expected{1, 0, 3, 0, 0, 6};
  BOOST_TEST(contents(graph, "fc", "weight") == expected, boost::test_tools::per_element());
  const Graph loaded =
      graph.with_parameters({{"fc.weight", numbers(Shape{2, 3}, {6, 5, 4, 3, 2, 1})}});
  const std::vector<float> other{6, 0, 4, 0, 0, 1};
  BOOST_TEST(contents(loaded, "fc", "weight") == other, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_mask_takes_the_place_of_the_first_and_none_leaves_the_contents) {
  Graph graph = masked(one_linear(), "fc", "weight", half());
  const std::vector<float> before = contents(graph, "fc", "weight");
  graph = masked(graph, "fc", "weight", numbers(Shape{2, 3}, {1, 1, 1, 1, 1, 0}));
  const std::vector<float> expected{before[0], 0, before[2], 0, 0, 0};
  BOOST_TEST(contents(graph, "fc", "weight") == expected, boost::test_tools::per_element());
  Transaction edit(graph);
  edit.set_mask(graph.find("fc"), "weight", std::nullopt);
  edit.commit();
  BOOST_TEST(parameter(graph, "fc", "weight_mask") == nullptr);
  BOOST_TEST(contents(graph, "fc", "weight") == expected, boost::test_tools::per_element());
  const Graph free =
      graph.with_parameters({{"fc.weight", numbers(Shape{2, 3}, {1, 2, 3, 4, 5, 6})}});
  BOOST_TEST(contents(free, "fc", "weight").back() == 6);
}

BOOST_AUTO_TEST_CASE(a_mask_counts_in_the_hash_and_in_whether_nodes_are_alike) {
  const Graph plain = one_linear();
  const Graph graph = masked(plain, "fc", "weight", half());
  BOOST_TEST((graph.hash(graph.output()) != plain.hash(plain.output())));
  // The same zeros without a mask are another network: it trains in another way.
  Graph zeros = plain;
  Transaction edit(zeros);
  edit.set_parameter(zeros.find("fc"), "weight",
                     parameter(graph, "fc", "weight")->content->tensor());
  edit.commit();
  BOOST_TEST((graph.hash(graph.output()) != zeros.hash(zeros.output())));
  Graph two = jet_net("a", {16, 16}, 8);
  two = masked(two, "a_0", "bias", numbers(Shape{16}, std::vector<float>(16, 0.0F)));
  const auto profiles = two.profiles();
  BOOST_TEST(profiles->of_node[index_of(two.find("a_0"))] !=
             profiles->of_node[index_of(two.find("a_1"))]);
}

BOOST_AUTO_TEST_CASE(metadata_shows_a_mask_among_the_buffers) {
  const Graph graph = masked(one_linear(), "fc", "weight", half());
  std::string rows;
  for (const Operand& operand : operands_of(graph, graph.find("fc")))
    rows += fmt::format("{}:{} ", operand.kind, operand.name);
  BOOST_TEST(rows == fmt::format("{}:data_in_0 {}:weight {}:bias {}:weight_mask {}:data_out_0 ",
                                 LATHE_OPERAND_INPUT, LATHE_OPERAND_PARAMETER,
                                 LATHE_OPERAND_PARAMETER, LATHE_OPERAND_BUFFER,
                                 LATHE_OPERAND_OUTPUT));
}

BOOST_AUTO_TEST_CASE(a_mask_comes_back_from_a_file) {
  const Graph graph = masked(one_linear(), "fc", "weight", half());
  const Value written = graph_to_json(graph);
  Graph again = graph_from_json(written, 99);
  BOOST_REQUIRE(parameter(again, "fc", "weight_mask") != nullptr);
  std::map<std::string, Tensor> all;
  for (const auto& [node, p] : graph.parameters())
    all.emplace(p->qualified_name, p->content->tensor());
  again = again.with_parameters(all);
  verify(again);
  BOOST_TEST(graph_to_json(again).text() == written.text());
  BOOST_TEST(contents(again, "fc", "weight_mask") == contents(graph, "fc", "weight_mask"),
             boost::test_tools::per_element());
  BOOST_TEST(contents(again, "fc", "weight") == contents(graph, "fc", "weight"),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_mask_goes_when_its_parameter_gets_another_shape) {
  Graph graph = masked(one_linear(), "fc", "weight", half());
  graph = masked(graph, "fc", "bias", numbers(Shape{2}, {0, 1}));
  Transaction edit(graph);
  edit.set_attribute(graph.find("fc"), "out_features", Value(4));
  edit.commit();
  verify(graph);
  BOOST_TEST(parameter(graph, "fc", "weight_mask") == nullptr);
  BOOST_TEST(parameter(graph, "fc", "bias_mask") == nullptr);
  // One for the new shape may be given at once.
  Transaction both(graph);
  both.set_attribute(graph.find("fc"), "out_features", Value(2));
  both.set_mask(graph.find("fc"), "weight", half());
  both.commit();
  BOOST_TEST(contents(graph, "fc", "weight")[1] == 0);
  // What keeps its shape keeps its mask.
  BOOST_TEST((parameter(graph.with_batch(9), "fc", "weight_mask") != nullptr));
}

BOOST_AUTO_TEST_CASE(a_mask_goes_with_its_parameter) {
  Graph graph = masked(one_linear(), "fc", "bias", numbers(Shape{2}, {0, 1}));
  Transaction edit(graph);
  edit.set_attribute(graph.find("fc"), "bias", Value(false));
  edit.commit();
  verify(graph);
  BOOST_TEST(parameter(graph, "fc", "bias_mask") == nullptr);
  BOOST_TEST(graph.node(graph.find("fc")).masks.empty());
}

BOOST_AUTO_TEST_CASE(calls_of_one_module_share_its_mask) {
  Writer w(3);
  w.input({3});
  w.linear("fc", 3, 3);
  w.linear("fc", 3, 3);
  Graph graph = w.finish(4);
  const Tensor mask = numbers(Shape{3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  graph = masked(graph, "fc_1", "weight", mask);
  BOOST_TEST(
      (parameter(graph, "fc", "weight")->content == parameter(graph, "fc_1", "weight")->content));
  BOOST_REQUIRE(parameter(graph, "fc", "weight_mask") != nullptr);
  BOOST_TEST((parameter(graph, "fc", "weight_mask")->content ==
              parameter(graph, "fc_1", "weight_mask")->content));
  Transaction edit(graph);
  edit.set_mask(graph.find("fc"), "weight", std::nullopt);
  edit.commit();
  BOOST_TEST(parameter(graph, "fc_1", "weight_mask") == nullptr);
}

BOOST_AUTO_TEST_CASE(what_can_be_no_mask_is_refused_and_the_graph_stays) {
  BOOST_TEST(mentions(refused_mask("fc", "wait", half()),
                      {"node 'fc' (linear)", "no parameter 'wait' to mask", "weight, bias"}));
  BOOST_TEST(mentions(refused_mask("x", "weight", half()), {"node 'x'", "it has none"}));
  BOOST_TEST(mentions(refused_mask("fc", "weight", numbers(Shape{3, 2}, std::vector<float>(6, 1))),
                      {"fc.weight_mask", "[2, 3]", "[3, 2]"}));
  BOOST_TEST(mentions(refused_mask("fc", "weight", numbers(Shape{2, 3}, {1, 1, 1, 1, 0.5F, 1})),
                      {"fc.weight_mask", "0.5", "element 4", "0 and 1"}));
  BOOST_TEST(mentions(refused_mask("fc", "weight", Tensor::make(DType::float64, Shape{2, 3})),
                      {"float64"}));
  Graph norm = jet_net("a", {0}, 8);
  const Tensor ones = numbers(Shape{16}, std::vector<float>(16, 1));
  BOOST_TEST(mentions(refusal([&] {
                        Transaction edit(norm);
                        edit.set_mask(norm.find("a_0"), "running_mean", ones);
                      }),
                      {"no parameter 'running_mean' to mask", "weight, bias"}));
}
