// The knapsack and its ranking, against all points of small instances.
#include "plugins/search_strategies/exact/knapsack.hpp"
#include "plugins/search_strategies/exact/front_order.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

namespace {

using namespace search_strategies;

struct Instance {
  std::vector<Class> classes;
  std::vector<Solution> all;  // by rising value
  double low = 0, high = 0;   // costs
};

Instance instance(unsigned seed, bool on_a_grid) {
  std::mt19937 random(seed);
  const auto number = [&] {
    return on_a_grid ? static_cast<double>(random() % 7)
                     : std::uniform_real_distribution<>(-1, 1)(random);
  };
  Instance result;
  std::vector<Solution> all{Solution{}};
  for (std::uint_fast32_t k = 0, n = 2 + random() % 5; k < n; ++k) {
    Class options;
    for (std::uint_fast32_t i = 0, m = 1 + random() % 4; i < m; ++i)
      options.push_back({number(), number()});
    std::vector<Solution> longer;
    for (const Solution& solution : all) {
      for (std::uint32_t i = 0; i < options.size(); ++i) {
        longer.push_back(solution);
        longer.back().choice.push_back(i);
        longer.back().value += options[i].value;
        longer.back().cost += options[i].cost;
      }
    }
    all = std::move(longer);
    result.classes.push_back(std::move(options));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Solution& a, const Solution& b) { return a.value < b.value; });
  const auto [low, high] = std::minmax_element(
      all.begin(), all.end(), [](const Solution& a, const Solution& b) { return a.cost < b.cost; });
  result.low = low->cost, result.high = high->cost;
  result.all = std::move(all);
  return result;
}

// The values of all solutions within a budget, rising.
std::vector<double> values_within(const Instance& instance, double budget) {
  std::vector<double> values;
  for (const Solution& solution : instance.all) {
    if (solution.cost <= budget) values.push_back(solution.value);
  }
  return values;
}

// Between the costs, so that rounding decides nothing.
double budget_of(const Instance& instance, unsigned seed) {
  std::mt19937 random(seed);
  return instance.low + 1e-3 +
         (instance.high - instance.low) * std::uniform_real_distribution<>(0, 1.1)(random);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_best_within_a_budget_is_the_best_of_all_points_within_it) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Instance small = instance(seed, seed % 2 == 0);
    const double budget = budget_of(small, seed);
    const std::vector<double> values = values_within(small, budget);
    const Knapsack knapsack(small.classes);
    const auto best = knapsack.best(budget);
    BOOST_TEST_CONTEXT("instance " << seed) {
      BOOST_REQUIRE(best);
      BOOST_CHECK_SMALL(best->value - values[0], 1e-9);
      BOOST_CHECK_SMALL(best->value - knapsack.value(best->choice), 1e-9);
      BOOST_CHECK_LE(knapsack.cost(best->choice), budget + 1e-9);
      BOOST_CHECK_SMALL(knapsack.best(kNoBudget)->value - small.all[0].value, 1e-9);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_budget_that_nothing_meets_has_no_best) {
  const Knapsack knapsack({{{1, 2}, {0, 3}}, {{0, 1}}});
  BOOST_CHECK_EQUAL(knapsack.least_cost(), 3);
  BOOST_CHECK(!knapsack.best(2.9));
  BOOST_CHECK(knapsack.front(2.9).empty());
  BOOST_CHECK(!Ranking(knapsack, 2.9).next());
  BOOST_CHECK_EQUAL(knapsack.best(3)->value, 1);
}

BOOST_AUTO_TEST_CASE(the_front_has_every_point_that_none_is_better_than) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Instance small = instance(seed, seed % 2 == 0);
    const std::vector<Solution> front = Knapsack(small.classes).front(kNoBudget);
    std::vector<Solution> by_cost = small.all;
    std::stable_sort(by_cost.begin(), by_cost.end(), [](const Solution& a, const Solution& b) {
      return a.cost != b.cost ? a.cost < b.cost : a.value < b.value;
    });
    std::vector<Solution> expected;
    for (const Solution& solution : by_cost) {
      if (expected.empty() || solution.value < expected.back().value - 1e-12) {
        expected.push_back(solution);
      }
    }
    BOOST_TEST_CONTEXT("instance " << seed) {
      BOOST_REQUIRE_EQUAL(front.size(), expected.size());
      for (std::size_t i = 0; i < front.size(); ++i) {
        BOOST_CHECK_SMALL(front[i].value - expected[i].value, 1e-9);
        BOOST_CHECK_SMALL(front[i].cost - expected[i].cost, 1e-9);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_ranking_lists_every_solution_within_the_budget_once_and_in_order) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const Instance small = instance(seed, seed % 2 == 0);
    const double budget = budget_of(small, seed);
    const std::vector<double> expected = values_within(small, budget);
    const Knapsack knapsack(small.classes);
    Ranking ranking(knapsack, budget);
    std::set<Choice> seen;
    BOOST_TEST_CONTEXT("instance " << seed) {
      for (const double value : expected) {
        const auto next = ranking.next();
        BOOST_REQUIRE(next);
        BOOST_CHECK_SMALL(next->value - value, 1e-9);
        BOOST_CHECK(seen.insert(next->choice).second);
      }
      BOOST_CHECK(!ranking.next());
    }
  }
}

// As many layers as large networks have: what no enumeration could prove.
BOOST_AUTO_TEST_CASE(a_hundred_layers_of_eight_widths_are_solved_within_any_budget) {
  std::mt19937 random(3);
  std::vector<Class> classes(100);
  double low = 0, high = 0;
  for (Class& options : classes) {
    const double size = std::exp(std::normal_distribution<>(0, 1)(random));
    const double sensitivity = std::exp(std::normal_distribution<>(0, 1.5)(random));
    for (int bits = 1; bits <= 8; ++bits) {
      options.push_back({sensitivity * std::pow(4.0, -bits), size * bits});
    }
    low += size, high += 8 * size;
  }
  const Knapsack knapsack(classes);
  double before = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= 10; ++i) {
    const double budget = low + (high - low) * i / 10;
    const auto best = knapsack.best(budget);
    BOOST_REQUIRE(best);
    BOOST_CHECK_LE(knapsack.cost(best->choice), budget * (1 + 1e-9));
    BOOST_CHECK_LE(best->value, before);
    before = best->value;
  }
}

BOOST_AUTO_TEST_CASE(a_front_is_tried_from_its_ends_and_then_in_its_widest_gaps) {
  const std::vector<std::size_t> expected = {0, 5, 3, 4, 2, 1};
  BOOST_TEST(front_order({0, 1, 1.5, 4.5, 7, 10}) == expected, boost::test_tools::per_element());
  BOOST_CHECK(front_order({}).empty());
  BOOST_CHECK_EQUAL(front_order({3.0}).size(), 1);
}
