// Tables of operands in a search space: each format's options hang on the name of its own operand.
#include "tests/search/domains.hpp"

#include <cmath>

using namespace lathe_test;

namespace {

const double kNone = std::nan("");
const std::string kNode = "seq_blocks_2/config/";

std::string condition(const SearchSpace& space, const std::string& name) {
  const Condition& condition = parameter(space, kNode + name).condition;
  if (condition.parent == Condition::kAlways) return "always";
  std::string text = space.parameters[condition.parent].name.substr(kNode.size()) + ":";
  for (const double number : condition.numbers) text += " " + Value(number).text();
  return text;
}

std::string names(const SearchSpace& space) {
  std::string text;
  for (const SearchParameter& parameter : space.parameters) text += parameter.name + "\n";
  return text;
}

// What a point says of the one node; empty if nothing.
std::string told(const SearchSpace& space, const std::vector<double>& point) {
  const std::vector<TransformOptions> all = space.node_options(point);
  if (all.empty()) return "";
  BOOST_REQUIRE(all.size() == 1 && all[0].nodes.size() == 1);
  return all[0].nodes[0].options.text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operand_tables)

BOOST_AUTO_TEST_CASE(operands_choose_their_formats_apart) {
  const SearchSpace space =
      space_from(layer("data_in_width=[4, 8], weight={width=[2, 3], name=['log', 'NA']}, "
                       "name=['integer', 'NA']"));
  BOOST_TEST(names(space) == kNode + "name\n" + kNode + "data_in_width\n" + kNode +
                                 "weight/name\n" + kNode + "weight/width\n");
  BOOST_TEST(space.size() == 16U);
  BOOST_TEST(*space.networks() == 1U + 2 * (2 + 1));
  BOOST_TEST(condition(space, "data_in_width") == "name: 0.0");
  BOOST_TEST(condition(space, "weight/name") == "name: 0.0");
  BOOST_TEST(condition(space, "weight/width") == "weight/name: 0.0");
  BOOST_TEST(told(space, {0, 1, 0, 1}) ==
             "{data_in={name=integer, width=8, frac_width=NA}, "
             "weight={name=log, width=3, exponent_bias=NA}}");
  BOOST_TEST(told(space, {0, 0, 1, kNone}) == "{data_in={name=integer, width=4, frac_width=NA}}");
  BOOST_TEST(told(space, {1, kNone, kNone, kNone}) == "");
  BOOST_TEST(sampled_config(space, std::vector<double>{0, 1, 0, 1}).find("seq_blocks_2")->text() ==
             "{config={name=integer, data_in_width=8, weight={name=log, width=3}}}");
}

BOOST_AUTO_TEST_CASE(a_node_of_tables_needs_no_name_of_its_own) {
  const SearchSpace space = space_from(layer("weight={name=['integer'], width=[2, 4]}"));
  BOOST_TEST(*space.networks() == 2U);
  BOOST_TEST(condition(space, "weight/width") == "always");
  BOOST_TEST(told(space, {0, 1}) == "{weight={name=integer, width=4, frac_width=NA}}");
}

BOOST_AUTO_TEST_CASE(a_table_without_a_name_takes_that_of_the_node) {
  const SearchSpace space =
      space_from(layer("name=['integer', 'log', 'NA'], weight={width=[2, 4]}"));
  BOOST_TEST(*space.networks() == 2U * 2 + 1);
  BOOST_TEST(condition(space, "weight/width") == "name: 0.0 1.0");
  BOOST_TEST(told(space, {1, 1}) == "{weight={name=log, width=4, exponent_bias=NA}}");
}

BOOST_AUTO_TEST_CASE(an_operand_that_is_left_out_names_no_other_out) {
  const SearchSpace space = space_from(layer("name=['log'], weight='NA'"));
  BOOST_TEST(told(space, {0, 0}) ==
             "{data_in={name=log, width=8, exponent_bias=NA}, "
             "bias={name=log, width=8, exponent_bias=NA}}");
}

BOOST_AUTO_TEST_CASE(tables_with_names_leave_nothing_to_that_of_the_node) {
  // The format integer needs a width: nobody asks for one on the other operands.
  const SearchSpace space =
      space_from(layer("name=['integer'], weight={name=['integer'], width=[4]}"));
  BOOST_TEST(told(space, {0, 0, 0}) == "{weight={name=integer, width=4, frac_width=NA}}");
}

BOOST_AUTO_TEST_CASE(a_node_that_is_passed_by_has_no_tables) {
  const SearchSpace space =
      space_from(layer("weight={name=['log'], width=[2, 4]}, bypass=[false, true]"));
  BOOST_TEST(names(space) ==
             kNode + "bypass\n" + kNode + "weight/name\n" + kNode + "weight/width\n");
  BOOST_TEST(*space.networks() == 3U);
  BOOST_TEST(condition(space, "weight/name") == "bypass: 0.0");
  BOOST_TEST(condition(space, "weight/width") == "bypass: 0.0");
  BOOST_TEST(told(space, {0, 0, 1}) == "{weight={name=log, width=4, exponent_bias=NA}}");
  BOOST_TEST(told(space, {1, kNone, kNone}) == "");
}

BOOST_AUTO_TEST_CASE(tables_may_hold_ranges_and_conditions) {
  const SearchSpace space =
      space_from(layer("name=['log'], data_in_width=[4, 8], "
                       "weight={name=['log'], width={choices=[2, 3], when={data_in_width=[8]}}, "
                       "exponent_bias={low=1, high=4}}"));
  BOOST_TEST(*space.networks() == (1U + 2) * 4);
  BOOST_TEST(condition(space, "weight/width") == "data_in_width: 1.0");
  BOOST_TEST(told(space, {0, 0, 0, kNone, 3}) ==
             "{data_in={name=log, width=4, exponent_bias=NA}, "
             "weight={name=log, width=8, exponent_bias=3}}");
  BOOST_TEST(told(space, {0, 1, 0, 1, 1}) ==
             "{data_in={name=log, width=8, exponent_bias=NA}, "
             "weight={name=log, width=3, exponent_bias=1}}");
}

BOOST_AUTO_TEST_CASE(tables_of_operands_that_an_op_lacks_are_left_out) {
  const SearchSpace space =
      space_from("setup.by='name'\nseed.default={weight={name=['log'], width=[2, 4]}}\n");
  BOOST_TEST(names(space) == kNode + "weight/name\n" + kNode + "weight/width\n");
}

BOOST_AUTO_TEST_CASE(every_mistake_of_a_table_is_placed) {
  struct Row {
    std::string keys, place;
    std::vector<std::string> says;
  };
  const Row rows[] = {
      {"weight={width=[2]}",
       "2:28",
       {"'weight' in the seed of node 'seq_blocks_2' needs a 'name'"}},
      {"weight=[2, 4]", "2:20", {"'weight'", "takes a table of choices", "or NA"}},
      {"weight={}", "2:20", {"the table 'weight' is empty"}},
      {"weight={name=['integer'], widht=[2]}",
       "2:46",
       {"unknown option 'weight.widht' of 'integer'", "did you mean 'width'?"}},
      {"weight={name=['integer'], width=[2, 65]}", "2:56", {"1..64", "got integer 65"}},
      {"name=['log'], weight={width=[2]}, weight_width=[2]",
       "2:54",
       {"'weight_width'", "stands beside 'weight'", "move it inside"}},
      {"weight={name=['log']}, data_in_width=[2]", "2:43", {"needs a 'name' beside it"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.keys) {
      expect_usage_error([&] { space_from(layer(row.keys)); }, "a.toml:" + row.place, row.says);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
