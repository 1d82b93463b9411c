// What the additive surrogate proposes for objectives whose optimum is known.
#include "plugins/search_strategies/additive/model.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

#include <random>

namespace {

using namespace search_strategies;

Parameter choices(std::uint64_t count) {
  Parameter parameter;
  parameter.choices = count;
  return parameter;
}

Parameter number(lathe_parameter_kind kind, double low, double high, double step,
                 bool logarithmic) {
  Parameter parameter;
  parameter.kind = kind;
  parameter.low = low, parameter.high = high, parameter.step = step;
  parameter.logarithmic = logarithmic;
  return parameter;
}

Space space_of(std::vector<Parameter> parameters, std::size_t objectives = 1) {
  Space space;
  space.parameters = std::move(parameters);
  space.directions.assign(objectives, LATHE_DIRECTION_MINIMIZE);
  return space;
}

struct Outcome {
  std::vector<double> values;  // none: it failed
  std::vector<double> violations = {};
};
using Objective = std::function<Outcome(const std::vector<double>&)>;

Draws draws_of(unsigned seed, std::uint64_t trial) {
  return Draws([=](std::uint64_t first, double* out, std::size_t count) {
    std::mt19937_64 random(seed * 1000003 + trial * 7919 + first);
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = static_cast<double>(random() >> 11) * 0x1p-53;
    }
  });
}

// As a search does: a point that was there is asked for again.
std::vector<std::vector<double>> run(AdditiveModel& model, const Objective& objective,
                                     std::uint64_t trials, unsigned seed) {
  std::vector<std::vector<double>> points;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    std::vector<double> point(model.space().parameters.size());
    for (std::uint64_t attempt = 0; attempt < 8; ++attempt) {
      Draws draws = draws_of(seed, trial << 3 | attempt);
      model.suggest(attempt, draws, point.data());
      if (std::find(points.begin(), points.end(), point) == points.end()) break;
    }
    model.started(trial, point.data());
    const Outcome outcome = objective(point);
    const bool failed = outcome.values.empty();
    model.finished(trial, failed ? LATHE_STATE_FAIL : LATHE_STATE_COMPLETE,
                   failed ? nullptr : outcome.values.data(),
                   outcome.violations.empty() ? nullptr : outcome.violations.data(), 0);
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_optimum_of_a_sum_over_layers_is_found) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::vector<double>> table(12, std::vector<double>(5));
    double optimum = 0;
    for (auto& row : table) {
      for (double& x : row) x = std::normal_distribution<>()(random);
      optimum += *std::min_element(row.begin(), row.end());
    }
    AdditiveModel model(space_of(std::vector<Parameter>(12, choices(5))), 0, 10);
    double best = std::numeric_limits<double>::infinity();
    run(
        model,
        [&](const std::vector<double>& x) {
          double sum = 0;
          for (std::size_t p = 0; p < 12; ++p) sum += table[p][static_cast<std::size_t>(x[p])];
          best = std::min(best, sum);
          return Outcome{{sum}};
        },
        120, seed);
    BOOST_CHECK_SMALL(best - optimum, 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(numbers_come_to_the_bottom_of_a_bowl_and_stay_on_their_grids) {
  AdditiveModel model(space_of({number(LATHE_PARAMETER_REAL, -5, 5, 0, false),
                                number(LATHE_PARAMETER_REAL, 1e-5, 1, 0, true),
                                number(LATHE_PARAMETER_INTEGER, 1, 300, 1, false)}),
                      0, 10);
  double best = std::numeric_limits<double>::infinity();
  const auto points = run(
      model,
      [&](const std::vector<double>& x) {
        const double value = std::pow(x[0] - 1.7, 2) + std::pow(std::log10(x[1]) + 3, 2) +
                             1e-4 * std::pow(x[2] - 120, 2) +
                             0.5 * (x[0] - 1.7) * (x[2] - 120) / 100;
        best = std::min(best, value);
        return Outcome{{value}};
      },
      100, 1);
  BOOST_CHECK_LE(best, 0.05);
  for (const auto& x : points) {
    BOOST_CHECK(x[0] >= -5 && x[0] <= 5 && x[1] >= 1e-5 && x[1] <= 1);
    BOOST_CHECK(x[2] >= 1 && x[2] <= 300 && x[2] == std::round(x[2]));
  }
}

BOOST_AUTO_TEST_CASE(what_a_number_adds_is_what_its_features_add) {
  const Space space = space_of({number(LATHE_PARAMETER_REAL, -5, 5, 0, false),
                                number(LATHE_PARAMETER_REAL, 1e-5, 1, 0, true), choices(3),
                                number(LATHE_PARAMETER_INTEGER, 1, 300, 1, false),
                                number(LATHE_PARAMETER_INTEGER, 1, 8, 1, false)});
  const Features features(space);
  std::mt19937 random(12);
  Coefficients function(features.size());
  for (double& x : function) x = std::normal_distribution<>()(random);
  const auto value = [&](const std::vector<double>& point) {
    double sum = 0;
    for (const Feature& feature : features.row(point.data()))
      sum += function[feature.number] * feature.value;
    return sum;
  };
  const std::vector<double> from{-3.3, 0.02, 1, 77, 2}, to{1.9, 3e-5, 2, 250, 7};
  for (std::size_t p = 0; p < from.size(); ++p) {
    std::vector<double> moved = from;
    moved[p] = to[p];
    const Features::Tilt tilt = features.tilt(function, p, from.data());
    BOOST_CHECK_SMALL(value(moved) - value(from) - features.effect(function, p, to[p], tilt) +
                          features.effect(function, p, from[p], tilt),
                      1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_curved_valley_is_followed) {
  // Rosenbrock's, whose floor no sum of single numbers and plain products has.
  for (unsigned seed = 0; seed < 3; ++seed) {
    AdditiveModel model(space_of({number(LATHE_PARAMETER_REAL, -2, 2, 0, false),
                                  number(LATHE_PARAMETER_REAL, -1, 3, 0, false)}),
                        0, 10);
    double best = std::numeric_limits<double>::infinity();
    run(
        model,
        [&](const std::vector<double>& x) {
          const double value = 100 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(1 - x[0], 2);
          best = std::min(best, value);
          return Outcome{{value}};
        },
        100, seed);
    BOOST_CHECK_LE(best, 0.1);
  }
}

BOOST_AUTO_TEST_CASE(what_fails_is_avoided) {
  AdditiveModel model(space_of(std::vector<Parameter>(6, choices(4))), 0, 10);
  const auto points = run(
      model,
      [](const std::vector<double>& x) {
        if (x[2] == 1) return Outcome{};
        return Outcome{{x[0] + x[1] - 0.5 * x[3]}};
      },
      60, 2);
  std::size_t failed = 0;
  for (std::size_t i = 40; i < points.size(); ++i) failed += points[i][2] == 1;
  BOOST_CHECK_LE(failed, 2);
}

BOOST_AUTO_TEST_CASE(a_search_whose_trials_all_fail_goes_on) {
  AdditiveModel model(space_of({choices(3), number(LATHE_PARAMETER_REAL, 0, 1, 0, false)}, 2), 0,
                      5);
  const auto points = run(model, [](const std::vector<double>&) { return Outcome{}; }, 30, 3);
  for (const auto& x : points) BOOST_CHECK(x[0] >= 0 && x[0] <= 2 && x[1] >= 0 && x[1] <= 1);
}

BOOST_AUTO_TEST_CASE(values_that_run_away_do_not_hide_the_others) {
  AdditiveModel model(space_of(std::vector<Parameter>(6, choices(4))), 0, 10);
  double best = std::numeric_limits<double>::infinity();
  run(
      model,
      [&](const std::vector<double>& x) {
        if (x[5] == 0) return Outcome{{x[4] == 0 ? std::numeric_limits<double>::infinity() : 1e30}};
        double sum = 0;
        for (const double value : x) sum += value == 2 ? 0 : 1 + 0.1 * value;
        best = std::min(best, sum);
        return Outcome{{sum}};
      },
      80, 4);
  BOOST_CHECK_EQUAL(best, 0);
}

BOOST_AUTO_TEST_CASE(constraints_are_told_from_objectives) {
  // The more the better, but not more than 12 together.
  AdditiveModel model(space_of(std::vector<Parameter>(8, choices(4))), 1, 10);
  double best = 0;
  std::size_t violated = 0, trial = 0;
  run(
      model,
      [&](const std::vector<double>& x) {
        double sum = 0;
        for (const double value : x) sum += value;
        if (sum <= 12) best = std::min(best, -sum);
        violated += sum > 12 && trial >= 50;
        ++trial;
        return Outcome{{-sum}, {sum - 12}};
      },
      100, 5);
  BOOST_CHECK_EQUAL(best, -12);
  BOOST_CHECK_LE(violated, 10);
}

BOOST_AUTO_TEST_CASE(several_objectives_are_reached_at_both_ends_and_between) {
  // Each parameter costs one objective what it gives the other: every sum is on the front.
  AdditiveModel model(space_of(std::vector<Parameter>(8, choices(3)), 2), 0, 10);
  std::set<double> reached;
  run(
      model,
      [&](const std::vector<double>& x) {
        double sum = 0;
        for (const double value : x) sum += value;
        reached.insert(sum);
        return Outcome{{sum, -sum}};
      },
      100, 6);
  BOOST_CHECK(reached.count(0) > 0 && reached.count(16) > 0);
  BOOST_CHECK_GE(reached.size(), 14);
}

BOOST_AUTO_TEST_CASE(parameters_exist_where_their_condition_says_so) {
  Space space = space_of({choices(3), choices(4), number(LATHE_PARAMETER_REAL, 0, 1, 0, false)});
  space.parameters[1].parent = 0, space.parameters[1].parent_values = {1};
  space.parameters[2].parent = 0, space.parameters[2].parent_values = {2};
  AdditiveModel model(space, 0, 10);
  double best = std::numeric_limits<double>::infinity();
  const auto points = run(
      model,
      [&](const std::vector<double>& x) {
        const double value = x[0] == 0   ? 1
                             : x[0] == 1 ? 0.5 * x[1]
                                         : 2 * std::abs(x[2] - 0.3) - 0.2;
        best = std::min(best, value);
        return Outcome{{value}};
      },
      80, 7);
  for (const auto& x : points) {
    BOOST_CHECK_EQUAL(is_absent(x[1]), x[0] != 1);
    BOOST_CHECK_EQUAL(is_absent(x[2]), x[0] != 2);
  }
  BOOST_CHECK_LT(best, 0);  // only the number gets there
}

BOOST_AUTO_TEST_CASE(another_attempt_is_another_draw_and_the_same_one_is_the_same) {
  AdditiveModel model(space_of(std::vector<Parameter>(10, choices(6))), 0, 10);
  run(
      model,
      [](const std::vector<double>& x) { return Outcome{{std::sin(3 * x[0] * x[1]) + x[2]}}; }, 30,
      8);
  std::vector<double> first(10), again(10), other(10);
  Draws draws = draws_of(1, 30), same = draws_of(1, 30), more = draws_of(2, 30);
  model.suggest(0, draws, first.data());
  model.suggest(0, same, again.data());
  model.suggest(3, more, other.data());
  BOOST_CHECK(first == again);
  BOOST_CHECK(first != other);
}
