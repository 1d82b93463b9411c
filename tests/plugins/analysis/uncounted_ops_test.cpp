// Ops of plugins with and without a counting rule.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

const lathe::Registry& with_fixture() {
  static const lathe::Registry registry({{built_plugin_dir(), "built-in"}},
                                        {build_dir() / "tests" / "fixtures" / "uncounted_net.so"});
  return registry;
}

// fc1 (16 x 4), the op twice, fc2 (4 x 5).
lathe::Graph net(Workbench& bench, const std::string& id) {
  return bench.model(id, json::object(), samples_of({16}, 5));
}

std::string refusal(const std::string& pass, const json& options) {
  Workbench bench(2, with_fixture());
  lathe::Graph graph = net(bench, "fixture.uncounted_net");
  try {
    bench.run(pass, graph, options);
  } catch (const lathe::Error& error) {
    BOOST_TEST(error.exit_code() == 1);
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(uncounted_ops)

BOOST_AUTO_TEST_CASE(an_op_without_a_rule_is_an_error_that_names_op_and_node) {
  for (const char* pass : {"flops", "bitops"}) {
    for (const json& options : {json::object(), json{{"allow_uncounted", false}}}) {
      const std::string text = refusal(pass, options);
      for (const char* part :
           {"op 'fixture.uncounted'", "node 'it'", "and 1 more", "--allow-uncounted"}) {
        BOOST_TEST(text.find(part) != text.npos, pass << ": " << text);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(where_it_is_allowed_the_rest_is_counted) {
  Workbench bench(2, with_fixture());
  lathe::Graph graph = net(bench, "fixture.uncounted_net");
  const json allowed = {{"allow_uncounted", true}};
  const lathe::PassReport flops = bench.run("flops", graph, allowed);
  BOOST_TEST(scalar(flops, "macs") == 2 * (64 + 20));
  BOOST_TEST(scalar(flops, "ptflops") == 2 * (64 + 20 + 4 + 5));
  const lathe::PassReport bits = bench.run("bitops", graph, allowed);
  BOOST_TEST(scalar(bits, "product_bops") == 2 * (64 + 20) * 1024);
}

// 8 elements, each with 10 MACs and 3 other operations; the op is there twice.
BOOST_AUTO_TEST_CASE(an_op_with_a_rule_counts_by_it_in_every_convention) {
  Workbench bench(2, with_fixture());
  lathe::Graph graph = net(bench, "fixture.counted_net");
  const lathe::PassReport flops = bench.run("flops", graph);
  const std::pair<const char*, double> expected[] = {
      {"computations", 104},
      {"backward_computations", 2 * 80 + 24},
      {"macs", 80},
      {"flop_counter", 160},
      {"fvcore", 80},
      {"ptflops", 104},
      {"calflops", 184},
      {"calflops_macs", 80},
      // Of its input alone: it has no parameters.
      {"flop_counter_backward", 160},
  };
  for (const auto& [column, count] : expected) {
    const bool backward = std::string(column).find("backward") != std::string::npos;
    const lathe::ReportTable& nodes = table(flops, backward ? "nodes_backward" : "nodes_forward");
    BOOST_TEST(cell(nodes, "it", column).as_float() == count, column);
  }
  bench.run("quantize", graph,
            {{"by", "type"}, {"fixture.counted", {{"name", "integer"}, {"data_in_width", 8}}}});
  const lathe::PassReport bits = bench.run("bitops", graph);
  const lathe::ReportTable& row = table(bits, "nodes");
  BOOST_TEST(cell(row, "it", "product_bops").as_float() == 80 * 8 * 32);
  BOOST_TEST(cell(row, "it", "activation_memory_bits").as_float() == 8 * 32);
  BOOST_TEST(cell(row, "it", "bitops").as_float() == 104 * (8 * 32 + 8));
}

BOOST_AUTO_TEST_SUITE_END()
