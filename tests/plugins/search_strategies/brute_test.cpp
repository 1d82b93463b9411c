// The exhaustive order: every point once, in any size and shape of space.
#include "plugins/search_strategies/brute/order.hpp"
#include "plugins/search_strategies/brute/permutation.hpp"

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
  for (Natural i; i < order.size(); i += 1) {
    order.point(i, point.data());
    BOOST_CHECK(order.index_of(point.data()) == i);
    points.push_back(comparable(point));
  }
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
  BOOST_CHECK(order.size() == Natural(6));
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
  BOOST_CHECK(order.size() == Natural((4 + 1 + 4) * 2));
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
  BOOST_CHECK(order.size() == Natural(25));
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
  BOOST_CHECK(order.size() == Natural(3));
  BOOST_CHECK_EQUAL(all_points(space, order).size(), 3);
}

BOOST_AUTO_TEST_CASE(brute_steps_through_numbers_without_losing_the_end_to_rounding) {
  Space space;
  space.parameters = {number(LATHE_PARAMETER_REAL, 0.1, 0.7, 0.1),
                      number(LATHE_PARAMETER_INTEGER, 3, 10, 3)};
  const BruteOrder order(space);
  BOOST_CHECK(order.size() == Natural(7 * 3));
  const auto points = all_points(space, order);
  BOOST_CHECK_EQUAL(points.back()[0], 0.7);
  BOOST_CHECK_EQUAL(points.back()[1], 9);
}

BOOST_AUTO_TEST_CASE(the_shuffled_order_is_a_permutation) {
  for (const std::uint64_t size : {1, 2, 3, 4, 5, 18, 36, 255, 256, 257, 1000}) {
    const Permutation permutation(size, philox_stand_in);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) {
      const Natural to = permutation.at(i);
      BOOST_CHECK(to < size);
      BOOST_CHECK(permutation.place_of(to) == i);
      seen.insert(to.low64());
    }
    BOOST_CHECK_EQUAL(seen.size(), size);
  }
}

BOOST_AUTO_TEST_CASE(a_space_that_no_number_can_hold_is_visited_without_repeats) {
  Space space;
  for (int i = 0; i < 100; ++i) space.parameters.push_back(choices(4));
  const BruteOrder order(space);
  BOOST_CHECK(order.size() == Natural(1).shifted(200));  // 4^100
  const Permutation permutation(order.size(), philox_stand_in);
  std::set<std::vector<double>> seen;
  std::vector<std::map<double, int>> taken(100);
  std::vector<double> point(100);
  constexpr int kTrials = 1000;
  for (std::uint64_t i = 0; i < kTrials; ++i) {
    const Natural index = permutation.at(i);
    BOOST_CHECK(permutation.place_of(index) == i);
    order.point(index, point.data());
    BOOST_CHECK(order.index_of(point.data()) == index);
    seen.insert(point);
    for (std::size_t p = 0; p < 100; ++p) ++taken[p][point[p]];
    if (i == 19) {  // the same value 20 times: 4^-19
      for (const auto& values : taken) BOOST_CHECK_GT(values.size(), 1);
    }
  }
  BOOST_CHECK_EQUAL(seen.size(), kTrials);
  // Each value a quarter of the time: 250 with a deviation of 14.
  for (const auto& values : taken)
    for (std::size_t v = 0; v < 4; ++v)
      BOOST_CHECK_LT(std::abs(values.at(static_cast<double>(v)) - 250), 75);
}

BOOST_AUTO_TEST_CASE(branches_that_no_number_can_count_are_visited_without_repeats) {
  Space space;
  // Two formats, of 40 and of 60 widths each, and a flag.
  space.parameters = {choices(2), choices(2)};
  for (int i = 0; i < 100; ++i) space.parameters.push_back(under(choices(4), 0, i < 40 ? 0 : 1));
  const BruteOrder order(space);
  Natural points = Natural(1).shifted(80);
  points += Natural(1).shifted(120);
  BOOST_CHECK(order.size() == points * 2);
  std::vector<double> point(space.parameters.size());
  std::set<std::vector<double>> seen;
  const Permutation permutation(order.size(), philox_stand_in);
  for (std::uint64_t i = 0; i < 200; ++i) {
    for (const Natural& index : {Natural(i), permutation.at(i)}) {
      order.point(index, point.data());
      BOOST_CHECK(order.index_of(point.data()) == index);
      for (std::size_t p = 2; p < point.size(); ++p)
        BOOST_CHECK_EQUAL(is_absent(point[p]), (p < 42) != (point[0] == 0));
      seen.insert(comparable(point));
    }
  }
  BOOST_CHECK_EQUAL(seen.size(), 400);
}

BOOST_AUTO_TEST_CASE(an_empty_space_has_one_point) {
  const Space space;
  const BruteOrder order(space);
  BOOST_CHECK(order.size() == Natural(1));
  order.point(0, nullptr);
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

BOOST_AUTO_TEST_CASE(a_point_has_one_index_whatever_rounding_it_went_through) {
  Space space;
  space.parameters = {choices(2), under(number(LATHE_PARAMETER_REAL, 0.1, 0.7, 0.1), 0, 1)};
  const BruteOrder order(space);
  const auto index = [&](std::vector<double> point) { return order.index_of(point.data()); };
  BOOST_CHECK(index({1, 0.3}) == index({1, 0.1 + 0.2}));
  BOOST_CHECK(index({1, 0.3}) != index({1, 0.4}));
  BOOST_CHECK(index({0, kAbsent}) == Natural(0));
  BOOST_CHECK(index({0, -std::nan("")}) == Natural(0));
  BOOST_CHECK(index({1, 0.1}) == Natural(1));
  // What is none of the space's points.
  BOOST_CHECK(!index({2, kAbsent}));
  BOOST_CHECK(!index({-1, kAbsent}));
  BOOST_CHECK(!index({1, kAbsent}));
  BOOST_CHECK(!index({1, 0.9}));
}
