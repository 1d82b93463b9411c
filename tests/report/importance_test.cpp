// The shares against those of complete grids, worked out by hand.
#include "core/report/importance/importance.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>

namespace lathe {
namespace {

Domain choices(int count) {
  Domain domain;
  for (int i = 0; i < count; ++i) domain.choices.emplace_back(i);
  return domain;
}

Domain integers(double low, double high) {
  Domain domain;
  domain.kind = LATHE_PARAMETER_INTEGER;
  domain.low = low;
  domain.high = high;
  domain.step = 1;
  return domain;
}

struct Grid {
  std::vector<Domain> domains;
  std::vector<std::vector<double>> points{{}};
  std::vector<double> values;

  Grid(std::vector<Domain> of, const std::function<double(const std::vector<double>&)>& f)
      : domains(std::move(of)) {
    for (const Domain& domain : domains) {
      std::vector<std::vector<double>> longer;
      for (const std::vector<double>& point : points)
        for (std::uint64_t i = 0; i < domain.count(); ++i) {
          longer.push_back(point);
          longer.back().push_back(domain.at(i));
        }
      points = std::move(longer);
    }
    for (const std::vector<double>& point : points) values.push_back(f(point));
  }
};

Importance exact(const Grid& grid) {
  return importance_of(grid.domains, grid.points, grid.values,
                       {.trees = 3, .depth = 64, .resample = false, .seed = 1});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(importance)

// Variances of 0, 1, 2 and of 1, 2, 3, 4 and of 0, 3: 2/3, 5/4, 9/4.
BOOST_AUTO_TEST_CASE(an_additive_function_on_a_grid_is_shared_out_by_its_variances) {
  const Grid grid({choices(3), integers(1, 4), choices(2)},
                  [](const std::vector<double>& x) { return x[0] + x[1] + 3 * x[2]; });
  const Importance shares = exact(grid);
  const double total = 2.0 / 3 + 5.0 / 4 + 9.0 / 4;
  BOOST_REQUIRE_EQUAL(shares.shares.size(), 3);
  BOOST_CHECK_CLOSE(shares.shares[0], 2.0 / 3 / total, 1e-9);
  BOOST_CHECK_CLOSE(shares.shares[1], 5.0 / 4 / total, 1e-9);
  BOOST_CHECK_CLOSE(shares.shares[2], 9.0 / 4 / total, 1e-9);
  BOOST_CHECK_SMALL(shares.together, 1e-9);
  for (const double deviation : shares.deviations) BOOST_CHECK_SMALL(deviation, 1e-7);
}

// Of x * y with x in -1, 1 and y in 0, 1, 2: E(f | x) = x, E(f | y) = 0, E(f^2) = 5/3.
BOOST_AUTO_TEST_CASE(what_acts_together_is_no_share_of_either) {
  const Grid grid({choices(2), integers(0, 2)},
                  [](const std::vector<double>& x) { return (2 * x[0] - 1) * x[1]; });
  const Importance shares = exact(grid);
  BOOST_CHECK_CLOSE(shares.shares[0], 3.0 / 5, 1e-9);
  BOOST_CHECK_SMALL(shares.shares[1], 1e-9);
  BOOST_CHECK_CLOSE(shares.together, 2.0 / 5, 1e-9);
}

// 1 where it does not exist, 0 at one choice and 0 at the other: variance 2/9 over three choices.
BOOST_AUTO_TEST_CASE(what_does_not_exist_is_a_choice_too) {
  const double nan = std::nan("");
  const Importance shares = importance_of(std::vector<Domain>{choices(2)}, {{0}, {1}, {nan}},
                                          std::vector<double>{0, 0, 1}, {.resample = false});
  BOOST_CHECK_CLOSE(shares.shares[0], 1.0, 1e-9);
}

BOOST_AUTO_TEST_CASE(values_that_are_alike_have_no_shares) {
  const Grid grid({choices(2), choices(2)}, [](const std::vector<double>&) { return 0.25; });
  BOOST_CHECK(importance_of(grid.domains, grid.points, grid.values).shares.empty());
  BOOST_CHECK(importance_of(grid.domains, {}, {}).shares.empty());
}

BOOST_AUTO_TEST_CASE(a_forest_orders_parameters_as_the_function_does_and_repeats_itself) {
  const Grid grid({choices(4), integers(1, 5), choices(3)},
                  [](const std::vector<double>& x) { return x[0] + 10 * x[1] + 0.1 * x[2]; });
  const Importance shares = importance_of(grid.domains, grid.points, grid.values);
  BOOST_CHECK_GT(shares.shares[1], 0.9);
  BOOST_CHECK_GT(shares.shares[1], shares.shares[0]);
  BOOST_CHECK_GT(shares.shares[0], shares.shares[2]);
  BOOST_CHECK(shares.shares == importance_of(grid.domains, grid.points, grid.values).shares);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lathe
