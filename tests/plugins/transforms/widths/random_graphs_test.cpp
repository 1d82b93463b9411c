// Two hundred random networks under random widths: each one verifies and runs, and with net2wider
// it computes what it computed before.
#include "tests/plugins/transforms/widths/random_nets.hpp"

#include <regex>

namespace {

using namespace lathe_test;

// Random factors for some layers. What cannot be met is given up layer by layer, as a user would,
// going by what the refusal names.
struct Assignment {
  json layers = json::object();
  int refused = 0;
};

Assignment assign(const Graph& graph, RandomNet& random, const std::vector<double>& factors,
                  const std::string& weights) {
  Assignment result;
  for (const NodeId id : graph.order()) {
    const lathe::Node& node = graph.node(id);
    if (node.op != "linear" && node.op != "conv2d" && node.op != "conv_transpose2d") continue;
    if (random.below(2) == 0) continue;
    result.layers[node.name] = {{"width", factors[random.below(factors.size())]}};
  }
  for (;;) {
    const std::string text = refusal(graph, result.layers, weights);
    if (text.empty()) return result;
    std::smatch named;
    BOOST_REQUIRE_MESSAGE(std::regex_search(text, named, std::regex("node '(\\w+)'")), text);
    ++result.refused;
    BOOST_REQUIRE_MESSAGE(result.refused < 100, text);
    if (result.layers.erase(named[1].str()) == 0) {
      // It asks to widen what holds the others, too: here they go back instead.
      result.layers.erase(result.layers.begin());
    }
  }
}

bool same_shapes(const Graph& a, const Graph& b) {
  for (const NodeId id : a.order()) {
    if (a.node(id).result != b.node(id).result) return false;
  }
  return true;
}

void check_runs(const Graph& graph) {
  lathe::verify(graph);
  for (const float y : computed(graph)) BOOST_TEST(std::isfinite(y));
}

// Nets from a seed on, under any of these widths: most change, and all run.
void check_200_run(std::uint64_t first, const std::vector<double>& factors,
                   const std::string& weights) {
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    BOOST_TEST_CONTEXT("net " << seed) {
      RandomNet net(first + seed);
      const Graph graph = net.build();
      const Assignment chosen = assign(graph, net, factors, weights);
      Graph resized = graph;
      widen(resized, chosen.layers, weights);
      changed += !same_shapes(graph, resized);
      check_runs(resized);
    }
  }
  BOOST_TEST(changed >= 150);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_graphs)

BOOST_AUTO_TEST_CASE(net2wider_keeps_what_200_random_graphs_compute) {
  int widened = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    BOOST_TEST_CONTEXT("net " << seed) {
      RandomNet net(seed);
      const Graph graph = net.build();
      const Assignment chosen = assign(graph, net, {1, 1.25, 1.5, 2, 3}, "net2wider");
      Graph wide = graph;
      widen(wide, chosen.layers, "net2wider", seed);
      lathe::verify(wide);
      widened += !same_shapes(graph, wide);
      BOOST_TEST(difference(computed(graph), computed(wide)) <= 1e-5);
    }
  }
  BOOST_TEST(widened >= 150);
}

BOOST_AUTO_TEST_CASE(fresh_weights_run_in_200_random_graphs_under_any_widths) {
  check_200_run(1000, {0.25, 0.5, 1, 1.5, 2, 4}, "reset");
}

BOOST_AUTO_TEST_CASE(slices_of_200_random_graphs_run) {
  check_200_run(2000, {0.25, 0.5, 0.75, 1}, "slice");
}

BOOST_AUTO_TEST_SUITE_END()
