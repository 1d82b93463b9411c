// Modules that a graph calls several times, in a search space.
#include "tests/search/domains.hpp"

using namespace lathe_test;

namespace {

// fc called twice, act after each.
Graph reuse() {
  Writer w;
  w.input({8});
  for (int call = 0; call < 2; ++call) {
    w.linear("fc", 8, 8);
    w.relu("act", false);
  }
  return w.finish(1);
}

SearchSpace space_of(const std::string& toml) {
  return build_space(parse_toml(toml, "a.toml"), reuse(), formats_and_widths(), &model_table());
}

const std::string kLayer = "{name=['log'], weight_width=[2, 4]}\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(module_calls)

BOOST_AUTO_TEST_CASE(one_choice_holds_for_all_calls_of_a_module_with_weights) {
  const SearchSpace space = space_of("setup.by='type'\nseed.linear=" + kLayer);
  BOOST_TEST(space.size() == 2U);
  const std::vector<TransformOptions> options = space.node_options(std::vector<double>{0, 1});
  BOOST_REQUIRE(options.size() == 1U);
  BOOST_REQUIRE(options[0].nodes.size() == 2U);
  BOOST_TEST(options[0].nodes[0].options.text() == options[0].nodes[1].options.text());
  BOOST_TEST(options[0].nodes[1].options.text().find("width=4") != std::string::npos);
  BOOST_TEST((options[0].nodes[0].node != options[0].nodes[1].node));
}

BOOST_AUTO_TEST_CASE(calls_of_a_module_without_weights_are_chosen_apart) {
  const SearchSpace space =
      space_of("setup.by='type'\nseed.relu={name=['log'], data_in_width=[2, 4]}\n");
  BOOST_TEST(space.size() == 4U);
}

BOOST_AUTO_TEST_CASE(seeds_of_two_calls_have_to_be_alike) {
  const SearchSpace alike = space_of("setup.by='name'\nseed.fc=" + kLayer + "seed.fc_1=" + kLayer);
  BOOST_TEST(alike.size() == 2U);
  expect_usage_error(
      [] { space_of("setup.by='name'\nseed.fc=" + kLayer + "seed.fc_1={name=['log']}\n"); },
      "a.toml:3:6", {"node 'fc'", "node 'fc_1'", "module 'fc'", "give both the same"});
  expect_usage_error([] { space_of("setup.by='name'\nseed.fc=" + kLayer); }, "a.toml:2:6",
                     {"node 'fc' has a seed and node 'fc_1' has none"});
}

BOOST_AUTO_TEST_SUITE_END()
