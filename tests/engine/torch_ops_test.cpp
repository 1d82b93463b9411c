// Ops as nodes of a saved graph against PyTorch's results and gradients (golden/torch_ops.py).
#include "tests/engine/torch_ops.hpp"
#include "tests/engine/gradients.hpp"

#include "core/base/json.hpp"
#include "core/graph/io/json.hpp"

using namespace lathe_test;

namespace {

std::vector<Tensor> inputs_of(const json& one) {
  std::vector<Tensor> out;
  for (const json& input : one.at("inputs")) out.push_back(typed_tensor(input));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nodes_compute_what_torch_does) {
  auto engine = open_engine();
  for (const json& one : torch_ops()) {
    BOOST_TEST_CONTEXT(one.at("name").get<std::string>()) {
      const Graph graph = saved_graph(one);
      verify(graph);
      const Tensor found = engine->run(graph, inputs_of(one)).at(0);
      BOOST_TEST(found.shape().text() == tensor(one.at("output")).shape().text());
      check_close(found.values<float>(), numbers(one.at("output").at("data")), 1e-5, 1e-5,
                  one.at("name"));
    }
  }
}

BOOST_AUTO_TEST_CASE(nodes_have_the_gradients_that_torch_has) {
  for (const json& one : torch_ops()) {
    BOOST_TEST_CONTEXT(one.at("name").get<std::string>()) {
      const Graph graph = saved_graph(one);
      const auto found =
          gradients(registry(), graph, inputs_of(one), upstream(tensor(one.at("output")).shape()));
      const json& expected = one.at("gradients");
      for (std::size_t i = 0; i < found.inputs.size(); ++i) {
        check_close(found.inputs[i].values<float>(),
                    numbers(expected.at("inputs").at(i).at("data")), 1e-4, 1e-5,
                    fmt::format("input {}", i));
      }
      for (const auto& [name, wanted] : expected.at("tensors").items())
        check_close(found.parameters.at(name).values<float>(), numbers(wanted.at("data")), 1e-4,
                    1e-5, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(saved_graphs_of_them_come_back_as_they_were) {
  for (const json& one : torch_ops()) {
    const Graph graph = saved_graph(one);
    const lathe::Value written = lathe::graph_to_json(graph);
    const lathe::Value read = lathe::value_of(lathe::Json::parse(lathe::json_text(written)));
    BOOST_TEST((lathe::graph_to_json(lathe::graph_from_json(read, 0)) == written),
               one.at("name").get<std::string>());
  }
}
