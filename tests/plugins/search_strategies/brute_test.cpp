// The exhaustive order: every point once, in any size and shape of space.
#include "plugins/search_strategies/brute/order.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <set>

namespace {

using namespace search_strategies;

Parameter choices(std::uint64_t count) {
  Parameter parameter;
  parameter.choices = count;
  return parameter;
}

Parameter under(Parameter parameter, std::uint32_t parent, double value) {
  parameter.parent = parent;
  parameter.parent_values = {value};
  return parameter;
}

Parameter number(lathe_parameter_kind kind, double low, double high, double step) {
  Parameter parameter;
  parameter.kind = kind;
  parameter.low = low, parameter.high = high, parameter.step = step;
  return parameter;
}

// Absent values become -1, so that points compare.
std::vector<double> comparable(std::vector<double> point) {
  for (double& x : point)
    if (is_absent(x)) x = -1;
  return point;
}

std::vector<std::vector<double>> all_points(const Space& space, const BruteOrder& order) {
  std::vector<std::vector<double>> points;
  std::vector<double> point(space.parameters.size());
  for (std::uint64_t i = 0; order.point(i, point.data()); ++i) points.push_back(comparable(point));
  return points;
}

double philox_stand_in(std::uint64_t stream, std::uint64_t counter) {
  std::mt19937_64 random(stream * 1000003 + counter);
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

}  // namespace

BOOST_AUTO_TEST_CASE(brute_visits_the_product_of_all_choices_last_parameter_fastest) {
  Space space;
  space.parameters = {choices(2), choices(1), choices(3)};
  const BruteOrder order(space);
  BOOST_CHECK_EQUAL(order.size(), 6);
  const std::vector<std::vector<double>> expected = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2},
                                                     {1, 0, 0}, {1, 0, 1}, {1, 0, 2}};
  BOOST_CHECK(all_points(space, order) == expected);
}

BOOST_AUTO_TEST_CASE(brute_visits_each_branch_of_conditional_parameters_once) {
  Space space;
  // 0: format of {a, b, c}; a has a width of 3 and, if the width is the second, a flag of 2;
  // c has a number of 4 values; and there is a free choice of 2.
  space.parameters = {choices(3), under(choices(3), 0, 0), under(choices(2), 1, 1),
                      under(number(LATHE_PARAMETER_INTEGER, 2, 8, 2), 0, 2), choices(2)};
  const BruteOrder order(space);
  // a: 1 + 2 + 1, b: 1, c: 4; times 2.
  BOOST_CHECK_EQUAL(order.size(), (4 + 1 + 4) * 2);
  const auto points = all_points(space, order);
  BOOST_CHECK_EQUAL(points.size(), 18);
  BOOST_CHECK_EQUAL(std::set<std::vector<double>>(points.begin(), points.end()).size(), 18);
  for (const auto& point : points) {
    BOOST_CHECK_EQUAL(point[1] == -1, point[0] != 0);
    BOOST_CHECK_EQUAL(point[2] == -1, point[1] != 1);
    BOOST_CHECK_EQUAL(point[3] == -1, point[0] != 2);
  }
}

BOOST_AUTO_TEST_CASE(brute_visits_a_branch_of_several_values_once_for_each) {
  Space space;
  // 0: format of {a, b, none}; both formats share a width of 4, only b has a bias of 2; with a
  // width of the second or the fourth there is a flag of 3.
  space.parameters = {choices(3), choices(4), choices(2), choices(3)};
  space.parameters[1].parent = 0, space.parameters[1].parent_values = {0, 1};
  space.parameters[2].parent = 0, space.parameters[2].parent_values = {1};
  space.parameters[3].parent = 1, space.parameters[3].parent_values = {1, 3};
  const BruteOrder order(space);
  // A width: 1 + 3 + 1 + 3. a: 8; b: 8 * 2; none: 1.
  BOOST_CHECK_EQUAL(order.size(), 25);
  const auto points = all_points(space, order);
  BOOST_CHECK_EQUAL(points.size(), 25);
  BOOST_CHECK_EQUAL(std::set<std::vector<double>>(points.begin(), points.end()).size(), 25);
  for (const auto& point : points) {
    BOOST_CHECK_EQUAL(point[1] == -1, point[0] == 2);
    BOOST_CHECK_EQUAL(point[2] == -1, point[0] != 1);
    BOOST_CHECK_EQUAL(point[3] == -1, point[1] != 1 && point[1] != 3);
  }
}

BOOST_AUTO_TEST_CASE(a_parameter_that_never_exists_adds_no_points) {
  Space space;
  space.parameters = {choices(3), choices(5)};
  space.parameters[1].parent = 0;
  const BruteOrder order(space);
  BOOST_CHECK_EQUAL(order.size(), 3);
  BOOST_CHECK_EQUAL(all_points(space, order).size(), 3);
}

BOOST_AUTO_TEST_CASE(brute_steps_through_numbers_without_losing_the_end_to_rounding) {
  Space space;
  space.parameters = {number(LATHE_PARAMETER_REAL, 0.1, 0.7, 0.1),
                      number(LATHE_PARAMETER_INTEGER, 3, 10, 3)};
  const BruteOrder order(space);
  BOOST_CHECK_EQUAL(order.size(), 7 * 3);
  const auto points = all_points(space, order);
  BOOST_CHECK_EQUAL(points.back()[0], 0.7);
  BOOST_CHECK_EQUAL(points.back()[1], 9);
}

BOOST_AUTO_TEST_CASE(the_shuffled_order_is_a_permutation) {
  for (std::uint64_t size : {1, 2, 3, 4, 5, 18, 36, 255, 256, 257, 1000}) {
    Space space;
    space.parameters = {choices(size)};
    const BruteOrder order(space);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t to = order.shuffled(i, philox_stand_in);
      BOOST_CHECK_LT(to, size);
      seen.insert(to);
    }
    BOOST_CHECK_EQUAL(seen.size(), size);
    BOOST_CHECK_GE(order.shuffled(size, philox_stand_in), size);
  }
}

BOOST_AUTO_TEST_CASE(brute_counts_a_space_that_no_number_can_hold) {
  Space space;
  for (int i = 0; i < 70; ++i) space.parameters.push_back(choices(6));
  const BruteOrder order(space);
  BOOST_CHECK_EQUAL(order.size(), BruteOrder::kMany);
  std::set<std::vector<double>> seen;
  std::vector<double> point(70);
  for (std::uint64_t i = 0; i < 500; ++i) {
    BOOST_CHECK(order.point(i, point.data()));
    seen.insert(point);
    BOOST_CHECK(order.point(order.shuffled(i, philox_stand_in), point.data()));
    for (double x : point) BOOST_CHECK(x >= 0 && x < 6);
  }
  BOOST_CHECK_EQUAL(seen.size(), 500);
}

BOOST_AUTO_TEST_CASE(an_empty_space_has_one_point) {
  const Space space;
  const BruteOrder order(space);
  BOOST_CHECK_EQUAL(order.size(), 1);
  BOOST_CHECK(order.point(0, nullptr));
  BOOST_CHECK(!order.point(1, nullptr));
}

BOOST_AUTO_TEST_CASE(uniform_values_reach_every_grid_point_equally_often) {
  std::map<double, int> counts;
  const Parameter parameter = number(LATHE_PARAMETER_INTEGER, 2, 11, 3);
  for (int i = 0; i < 4000; ++i) ++counts[uniform_value(parameter, (i + 0.5) / 4000)];
  BOOST_CHECK_EQUAL(counts.size(), 4);
  for (const auto& [value, count] : counts) BOOST_CHECK_EQUAL(count, 1000);
}

BOOST_AUTO_TEST_CASE(uniform_values_of_a_logarithmic_parameter_are_uniform_in_the_logarithm) {
  Parameter parameter = number(LATHE_PARAMETER_REAL, 1e-4, 1, 0);
  parameter.logarithmic = true;
  BOOST_CHECK_CLOSE_FRACTION(uniform_value(parameter, 0.0), 1e-4, 1e-12);
  BOOST_CHECK_CLOSE_FRACTION(uniform_value(parameter, 0.5), 1e-2, 1e-12);
  BOOST_CHECK_CLOSE_FRACTION(uniform_value(parameter, 0.75), 1e-1, 1e-12);
}

BOOST_AUTO_TEST_CASE(a_point_has_one_key_whatever_rounding_it_went_through) {
  Space space;
  space.parameters = {choices(2), under(number(LATHE_PARAMETER_REAL, 0.1, 0.7, 0.1), 0, 1)};
  const BruteOrder order(space);
  const auto key = [&](std::vector<double> point) { return order.key(point.data()); };
  BOOST_CHECK(key({1, 0.3}) == key({1, 0.1 + 0.2}));
  BOOST_CHECK(key({1, 0.3}) != key({1, 0.4}));
  BOOST_CHECK(key({0, kAbsent}) != key({1, 0.1}));
  BOOST_CHECK(key({0, kAbsent}) == key({0, -std::nan("")}));
}
