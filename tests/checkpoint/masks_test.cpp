// Masks in checkpoints: of networks that have them, and of networks that do not yet.
#include "core/graph/transaction.hpp"
#include "expect.hpp"
#include "tests/graph/models.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), std::span(values));
}

Graph net() {
  Writer writer(1);
  writer.input({3});
  writer.linear("fc", 3, 2);
  return writer.finish(4);
}

Checkpoint file(const std::string& prefix, const std::vector<float>& mask) {
  Checkpoint out;
  out.type = "state_dict";
  out.tensors[prefix + "fc.weight"] = floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  out.tensors[prefix + "fc.bias"] = floats(Shape{2}, {7, 8});
  if (!mask.empty()) out.tensors[prefix + "fc.weight_mask"] = floats(Shape{2, 3}, mask);
  return out;
}

std::vector<float> weight(const Graph& graph, const char* name = "weight") {
  const auto values =
      graph.node(graph.find("fc")).parameter(name)->content->tensor().values<float>();
  return {values.begin(), values.end()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_network_without_masks_takes_those_of_the_file) {
  for (const std::string prefix : {"", "model."}) {
    const Loaded loaded = load_parameters(net(), file(prefix, {1, 0, 1, 0, 1, 1}), "some.ckpt");
    const std::vector<float> expected{1, 0, 3, 0, 5, 6};
    BOOST_TEST(weight(loaded.graph) == expected, boost::test_tools::per_element());
    BOOST_TEST((loaded.graph.node(loaded.graph.find("fc")).parameter("weight_mask") != nullptr));
    BOOST_TEST(loaded.report.unused.empty());
  }
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_mask_is_left) {
  const Loaded loaded = load_parameters(net(), file("", {1, 0, 2, 0, 1, 1}), "some.ckpt");
  BOOST_TEST((loaded.graph.node(loaded.graph.find("fc")).parameter("weight_mask") == nullptr));
  BOOST_TEST(loaded.report.unused.size() == 1U);
  BOOST_TEST(weight(loaded.graph)[1] == 2);
}

BOOST_AUTO_TEST_CASE(a_pruned_network_takes_weights_of_a_file_without_masks_and_keeps_its_own) {
  Graph graph = net();
  Transaction edit(graph);
  edit.set_mask(graph.find("fc"), "weight", floats(Shape{2, 3}, {0, 0, 1, 1, 1, 1}));
  edit.commit();
  const Loaded loaded = load_parameters(graph, file("", {}), "some.ckpt");
  const std::vector<float> expected{0, 0, 3, 4, 5, 6};
  BOOST_TEST(weight(loaded.graph) == expected, boost::test_tools::per_element());
  // The file's goes before its own.
  const Loaded other = load_parameters(graph, file("", {1, 1, 0, 1, 1, 1}), "some.ckpt");
  const std::vector<float> of_file{1, 2, 0, 4, 5, 6};
  BOOST_TEST(weight(other.graph) == of_file, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_saved_has_the_mask_under_pytorchs_name) {
  Graph graph = net();
  Transaction edit(graph);
  edit.set_mask(graph.find("fc"), "weight", floats(Shape{2, 3}, {0, 0, 1, 1, 1, 1}));
  edit.commit();
  const std::map<std::string, Tensor> saved = parameters_of(graph);
  BOOST_TEST(saved.size() == 3U);
  BOOST_REQUIRE(saved.contains("fc.weight_mask"));
  BOOST_TEST(saved.at("fc.weight_mask").values<float>()[0] == 0);
  BOOST_TEST(saved.at("fc.weight").values<float>()[0] == 0);
}
