// The search for the costliest of several changes, on costs that are known.
#include "core/run/bisection/halving.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace lathe::run;

namespace {

// Changes whose costs add up, on top of a value of 10.
Measure adding(const std::vector<double>& costs, bool higher_is_better = true) {
  return [&costs, higher_is_better](std::span<const std::size_t> chosen) {
    double cost = 0;
    for (const std::size_t i : chosen) cost += costs[i];
    return higher_is_better ? 10 - cost : 10 + cost;
  };
}

std::size_t most_measurements(std::size_t count) {
  std::size_t halvings = 0;
  while ((std::size_t{1} << halvings) < count) ++halvings;
  return 2 * halvings + 3;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bisection_by_halving)

BOOST_AUTO_TEST_CASE(one_bad_change_is_found_wherever_it_stands) {
  for (const std::size_t count : {1U, 2U, 3U, 4U, 7U, 8U, 21U, 64U, 100U}) {
    for (std::size_t bad = 0; bad < count; ++bad) {
      std::vector<double> costs(count, 0.001);
      costs[bad] = 3;
      for (const bool higher : {true, false}) {
        const Halving found = costliest_change(count, higher, adding(costs, higher));
        BOOST_TEST(found.found == bad);
        BOOST_TEST(found.cost_alone == 3, boost::test_tools::tolerance(1e-12));
        BOOST_TEST(found.regained == 3, boost::test_tools::tolerance(1e-12));
        BOOST_TEST(found.measured <= most_measurements(count));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(each_step_follows_the_costlier_half) {
  const std::vector<double> costs{0.5, 0, 0, 1, 0.25};
  std::vector<TriedHalf> seen;
  const Halving found = costliest_change(costs.size(), true, adding(costs),
                                         [&](const TriedHalf& half) { seen.push_back(half); });
  BOOST_TEST(found.before == 10);
  BOOST_TEST(found.after == 8.25);
  BOOST_TEST(found.cost == 1.75);
  BOOST_REQUIRE_EQUAL(found.halves.size(), 4U);
  BOOST_TEST(seen.size() == 4U);
  const std::vector<std::size_t> first{0, 1, 2}, second{3, 4};
  BOOST_TEST(found.halves[0].changes == first, boost::test_tools::per_element());
  BOOST_TEST(found.halves[1].changes == second, boost::test_tools::per_element());
  BOOST_TEST(found.halves[0].step == 1U);
  BOOST_TEST(found.halves[1].cost == 1.25);
  BOOST_TEST(!found.halves[0].followed);
  BOOST_TEST(found.halves[1].followed);
  BOOST_TEST(found.halves[2].step == 2U);
  BOOST_TEST(found.found == 3U);
  BOOST_TEST(found.alone == 9);
  BOOST_TEST(found.without == 9.25);
  BOOST_TEST(found.measured == 7U);
}

BOOST_AUTO_TEST_CASE(a_single_change_is_what_all_cost) {
  const std::vector<double> costs{2};
  const Halving found = costliest_change(1, true, adding(costs));
  BOOST_TEST(found.found == 0U);
  BOOST_TEST(found.cost_alone == 2);
  BOOST_TEST(found.without == 10);
  BOOST_TEST(found.regained == 2);
  BOOST_TEST(found.measured == 2U);
  BOOST_TEST(found.halves.empty());
}

BOOST_AUTO_TEST_CASE(of_equal_halves_the_first_is_followed) {
  const std::vector<double> costs(6, 1.0);
  BOOST_TEST(costliest_change(6, false, adding(costs, false)).found == 0U);
}

BOOST_AUTO_TEST_CASE(nan_is_worse_than_any_number) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Halving found = costliest_change(8, false, [&](std::span<const std::size_t> chosen) {
    const bool broken = std::ranges::count(chosen, std::size_t{5}) > 0;
    return broken ? nan : static_cast<double>(chosen.size());
  });
  BOOST_TEST(found.found == 5U);
  BOOST_TEST(std::isinf(found.cost_alone));
  BOOST_TEST(found.without == 7);
}

BOOST_AUTO_TEST_CASE(random_costs_keep_to_the_bound_and_to_the_sums) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> costs(1 + random() % 40);
    for (double& cost : costs) cost = static_cast<double>(random() % 1000) / 100;
    const Halving found = costliest_change(costs.size(), true, adding(costs));
    BOOST_TEST(found.measured <= most_measurements(costs.size()));
    BOOST_TEST(found.cost_alone == costs[found.found], boost::test_tools::tolerance(1e-9));
    for (const TriedHalf& half : found.halves) {
      if (!half.followed) continue;
      BOOST_TEST(std::ranges::count(half.changes, found.found) == 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
