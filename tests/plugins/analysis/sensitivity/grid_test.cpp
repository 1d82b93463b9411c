// How a table of numbers becomes one number per parameter and choice.
#include "plugins/analysis/sensitivity/grid.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using sensitivity::Choices;
using sensitivity::Grid;
using sensitivity::Parameter;
using sensitivity::Split;

namespace {

using Doubles = std::vector<double>;

sensitivity::Parameters space(std::vector<Parameter> parameters) {
  return std::make_shared<const std::vector<Parameter>>(std::move(parameters));
}

sensitivity::Parameters two() {
  return space({{"a", 2, {}, {}}, {"b", 3, {}, {}}, {"c", 2, {}, {}}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sensitivity_grid)

BOOST_AUTO_TEST_CASE(one_parameter_keeps_its_numbers) {
  const Grid grid(two(), {1});
  BOOST_REQUIRE_EQUAL(grid.cells(), 3U);
  BOOST_TEST((grid.choices(2) == Choices{0, 2, 0}));
  const Split split(grid, {5, 7, -1});
  BOOST_TEST((split.by_parameter == std::vector<Doubles>{{5, 7, -1}}));
  BOOST_TEST(split.constant == 0.0);
}

BOOST_AUTO_TEST_CASE(what_no_parameter_changes_is_constant) {
  const Grid grid(two(), {});
  BOOST_REQUIRE_EQUAL(grid.cells(), 1U);
  const Split split(grid, {4});
  BOOST_TEST(split.by_parameter.empty());
  BOOST_TEST(split.constant == 4.0);
}

// a x b: 3 5 9 / 4 2 8. The least is 2; with a=0 it is 3, with a=1 2; with b 3, 2, 8.
BOOST_AUTO_TEST_CASE(of_two_parameters_each_choice_counts_with_its_least) {
  const Grid grid(two(), {0, 1});
  BOOST_REQUIRE_EQUAL(grid.cells(), 6U);
  BOOST_TEST((grid.choices(3) == Choices{1, 1, 0}));
  const Split split(grid, {3, 4, 5, 2, 9, 8});
  BOOST_TEST((split.by_parameter == std::vector<Doubles>{{1, 0}, {1, 0, 6}}));
  BOOST_TEST(split.constant == 2.0);
}

BOOST_AUTO_TEST_CASE(too_many_combinations_are_tried_one_at_a_time) {
  const auto many = space({{"a", 20, {}, {}}, {"b", 20, {}, {}}});
  const Grid grid(many, {0, 1});
  BOOST_TEST(grid.one_at_a_time());
  BOOST_REQUIRE_EQUAL(grid.cells(), 41U);
  BOOST_TEST((grid.choices(0) == Choices{0, 0}));
  BOOST_TEST((grid.choices(5) == Choices{4, 0}));
  BOOST_TEST((grid.choices(40) == Choices{0, 19}));
  Doubles values(41, 2);
  values[5] = 5;
  values[40] = 1;
  const Split split(grid, values);
  BOOST_TEST(split.constant == 2.0);
  BOOST_TEST(split.by_parameter[0][4] == 3.0);
  BOOST_TEST(split.by_parameter[1][19] == -1.0);
  BOOST_TEST(split.by_parameter[0][0] == 0.0);
}

BOOST_AUTO_TEST_CASE(a_grid_of_256_is_tried_whole) {
  BOOST_TEST(!Grid(space({{"a", 16, {}, {}}, {"b", 16, {}, {}}}), {0, 1}).one_at_a_time());
  BOOST_TEST(Grid(space({{"a", 16, {}, {}}, {"b", 17, {}, {}}}), {0, 1}).one_at_a_time());
  // One parameter has no other to be tried with.
  BOOST_TEST(!Grid(space({{"a", 1000, {}, {}}}), {0}).one_at_a_time());
}

BOOST_AUTO_TEST_CASE(what_a_choice_hangs_on_takes_one_with_which_it_exists) {
  // width hangs on name = 1 or 2, point on width = 3.
  const auto all = space({{"name", 3, {}, {}}, {"width", 4, 0U, {1, 2}}, {"point", 2, 1U, {3}}});
  BOOST_TEST((sensitivity::with_choice(*all, {0, 0, 0}, 1, 2) == Choices{1, 2, 0}));
  BOOST_TEST((sensitivity::with_choice(*all, {2, 0, 0}, 1, 2) == Choices{2, 2, 0}));
  BOOST_TEST((sensitivity::with_choice(*all, {0, 0, 0}, 2, 1) == Choices{1, 3, 1}));
  BOOST_TEST((Grid(all, {1}).choices(3) == Choices{1, 3, 0}));
  // In a grid of both the name is what the cell says.
  BOOST_TEST((Grid(all, {0, 1}).choices(6) == Choices{0, 2, 0}));
}

BOOST_AUTO_TEST_CASE(what_is_no_number_stays_one) {
  const double nan = std::nan("");
  const Split split(Grid(two(), {1}), {1, nan, 2});
  BOOST_TEST(split.by_parameter[0][0] == 1.0);
  BOOST_TEST(std::isnan(split.by_parameter[0][1]));
}

BOOST_AUTO_TEST_SUITE_END()
