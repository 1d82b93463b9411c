// Sums that could pass 2^31 stay on floats, and say so; what just fits is exact.
#include "tests/engine/integer/exact_sums.hpp"
#include "tests/engine/integer/runs.hpp"

using namespace lathe_test;

namespace {

struct Wide {
  Graph graph;
  NodeId node = NodeId::none;
  Tensor x;
};

// `inputs` data at the upper end of unsigned bits, by weights at the lower end of signed ones.
Wide wide(std::int64_t inputs, int data_width, int weight_width) {
  Wide out;
  Writer w(1);
  w.input({inputs});
  out.node = w.linear("fc", static_cast<int>(inputs), 2);
  const auto filled = [](const Shape& shape, float value) {
    return floats(shape, std::vector<float>(static_cast<std::size_t>(shape.numel()), value));
  };
  out.graph = w.finish(2).with_parameters({{"fc.weight", filled({2, inputs}, -1e6F)}});
  out.x = filled({2, inputs}, 1e6F);
  lathe::Transaction edit(out.graph);
  edit.set_format(
      out.node,
      format_of("data_in", "integer",
                Value::Map{{"width", data_width}, {"frac_width", 3}, {"is_signed", false}}));
  edit.set_format(out.node, format_of("weight", "integer",
                                      Value::Map{{"width", weight_width}, {"frac_width", 3}}));
  edit.commit();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits_of_sums)

BOOST_AUTO_TEST_CASE(sums_that_could_pass_2_to_the_31_stay_on_floats) {
  for (const auto& [inputs, data, weight] :
       {std::tuple{70000, 8, 8}, std::tuple{140000, 7, 8}, std::tuple{600000, 6, 8}}) {
    const Wide layer = wide(inputs, data, weight);
    const Ran ran = run_graph(layer.graph, {layer.x}, {});
    BOOST_TEST(ran.on_integers.empty());
    BOOST_REQUIRE(ran.on_floats.contains("fc"));
    BOOST_TEST(ran.on_floats.at("fc").find("2^31") != std::string::npos, ran.on_floats.at("fc"));
    const Ran floats = run_graph(layer.graph, {layer.x}, {.on_integers = false});
    BOOST_TEST(same_bytes(ran.results.at(0), floats.results.at(0)));
  }
}

BOOST_AUTO_TEST_CASE(as_many_products_as_fit_are_exact) {
  // 127 * 128 * 132104 = 2^31 - 2^7 * 25.
  for (const auto& [inputs, data, weight] :
       {std::tuple{70000, 4, 4}, std::tuple{70000, 7, 8}, std::tuple{130000, 7, 8}}) {
    const Wide layer = wide(inputs, data, weight);
    const Ran ran = run_graph(layer.graph, {layer.x}, {});
    BOOST_TEST(ran.on_integers.contains("fc"),
               (ran.on_floats.contains("fc") ? ran.on_floats.at("fc") : ""));
    const auto exact = exact_result(registry(), layer.graph, layer.node, {layer.x});
    BOOST_TEST((list(ran.results.at(0)) == exact.value()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
