// The built-in samplers through the host: every kind of parameter, replay, attempts, refusals.
#include "core/search/plan/sampler.hpp"
#include "core/search/points/point.hpp"
#include "tests/search/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <set>

namespace {

using namespace lathe_test;

SamplerTask task(lathe_direction direction, std::uint64_t seed) {
  SamplerTask one;
  one.directions = {direction};
  one.seed = seed;
  return one;
}

// 'qmc<skip=1>' made for a space.
std::unique_ptr<Sampler> made(const std::string& text, const SearchSpace& space,
                              const SamplerTask& task) {
  return choose_sampler(parse_component(text, "--sampler"), registry()).make(space, task);
}

std::vector<double> asked(Sampler& sampler, const SearchSpace& space, std::uint64_t trial,
                          std::uint64_t attempt = 0) {
  std::vector<double> point(space.parameters.size());
  BOOST_REQUIRE(sampler.suggest(trial, attempt, point));
  return point;
}

SearchParameter choices_of(const std::string& name, int count) {
  SearchParameter parameter;
  parameter.name = name;
  for (int c = 0; c < count; ++c) parameter.choices.emplace_back(c);
  return parameter;
}

SearchParameter range_of(const std::string& name, lathe_parameter_kind kind, double low,
                         double high, double step, bool logarithmic = false) {
  SearchParameter parameter;
  parameter.name = name;
  parameter.kind = kind;
  parameter.low = low;
  parameter.high = high;
  parameter.step = step;
  parameter.logarithmic = logarithmic;
  return parameter;
}

// A format with a width, under two of its names; a depth with a rate, under some of its numbers.
SearchSpace conditional_space() {
  SearchSpace space;
  space.parameters = {choices_of("name", 3), range_of("width", LATHE_PARAMETER_INTEGER, 2, 8, 2),
                      range_of("depth", LATHE_PARAMETER_INTEGER, 1, 4, 1, true),
                      range_of("drop", LATHE_PARAMETER_REAL, 0.1, 0.3, 0.1)};
  space.parameters[1].condition = {0, {0, 2}};
  space.parameters[3].condition = {2, {2, 4}};
  return space;
}

SearchSpace choices_space(std::initializer_list<int> counts) {
  SearchSpace space;
  for (const int count : counts)
    space.parameters.push_back(choices_of("p" + std::to_string(space.parameters.size()), count));
  return space;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(samplers)

BOOST_AUTO_TEST_CASE(brute_as_a_plugin_visits_every_point_and_stops) {
  const SearchSpace space = choices_space({2, 3, 3});
  for (const char* name : {"brute", "brute<order=shuffled>"}) {
    const auto sampler = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 0));
    BOOST_CHECK(!sampler->reads_values());
    std::set<std::vector<double>> seen;
    std::vector<double> point(3);
    std::uint64_t trial = 0;
    for (; trial < 100 && sampler->suggest(trial, 0, point); ++trial) {
      sampler->started(trial, point);
      seen.insert(point);
    }
    BOOST_CHECK_EQUAL(trial, 18);
    BOOST_CHECK_EQUAL(seen.size(), 18);
  }
}

BOOST_AUTO_TEST_CASE(samplers_are_functions_of_what_they_were_told) {
  const SearchSpace space = choices_space({4, 4, 4, 4, 4});
  for (const char* name : {"tpe", "random", "brute", "brute<order=shuffled>", "qmc<scramble=true>",
                           "nsgaii<population_size=10>", "nsgaiii<population_size=10>"}) {
    std::vector<std::vector<double>> points;
    const auto play = [&](Sampler& sampler, std::uint64_t from, std::uint64_t to, bool check) {
      for (std::uint64_t trial = from; trial < to; ++trial) {
        const std::vector<double> point = asked(sampler, space, trial);
        if (check) {
          BOOST_CHECK(points[trial] == point);
        } else {
          points.push_back(point);
        }
        const std::vector<double> value = {point[0] - 2 * point[3]};
        sampler.started(trial, point);
        sampler.finished({trial, LATHE_STATE_COMPLETE, value});
      }
    };
    const auto whole = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 3));
    play(*whole, 0, 80, false);
    // Rebuilt by replay in the middle, it goes on the same.
    const auto rebuilt = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 3));
    for (std::uint64_t trial = 0; trial < 40; ++trial) {
      const std::vector<double> value = {points[trial][0] - 2 * points[trial][3]};
      rebuilt->started(trial, points[trial]);
      rebuilt->finished({trial, LATHE_STATE_COMPLETE, value});
    }
    play(*rebuilt, 40, 80, true);
    const auto other = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 4));
    std::vector<double> point(5);
    int same = 0;
    for (std::uint64_t trial = 0; trial < 10; ++trial) {
      other->suggest(trial, 0, point);
      same += point == points[trial];
    }
    if (std::string(name) != "brute") BOOST_CHECK_LT(same, 3);
  }
}

BOOST_AUTO_TEST_CASE(brute_visits_the_different_networks_of_a_conditional_space) {
  const SearchSpace space = conditional_space();
  // (4 + 1 + 4) names with widths; depths 1, 2 with 3, 3, 4 with 3.
  BOOST_REQUIRE(space.networks().has_value());
  BOOST_CHECK_EQUAL(*space.networks(), 9 * 8);
  BOOST_CHECK_EQUAL(space.size(), 3 * 4 * 4 * 3);
  for (const char* name : {"brute", "brute<order=shuffled>"}) {
    const auto sampler = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 5));
    std::set<std::string> seen;
    std::vector<double> point(4);
    std::uint64_t trial = 0;
    for (; trial < 100 && sampler->suggest(trial, 0, point); ++trial) {
      check_suggestion(space, "brute", trial, point);
      sampler->started(trial, point);
      seen.insert(sampled_config(space, point).text());
    }
    BOOST_CHECK_EQUAL(trial, 72);
    BOOST_CHECK_EQUAL(seen.size(), 72);
  }
}

BOOST_AUTO_TEST_CASE(brute_refuses_a_range_without_end_before_the_first_trial) {
  SearchSpace space = conditional_space();
  space.parameters.push_back(range_of("rate", LATHE_PARAMETER_REAL, 1e-4, 0.1, 0, true));
  BOOST_CHECK(!space.networks().has_value());
  BOOST_CHECK_EXCEPTION(
      made("brute", space, task(LATHE_DIRECTION_MAXIMIZE, 0)), Error, [](const Error& error) {
        const std::string what = error.what();
        return error.exit_code() == 2 && what.find("continuous parameter 'rate'") != what.npos;
      });
}

// The host sends every kind of parameter: values stay in their domains, what does not exist is
// absent, and TPE learns where the best of a range is.
BOOST_AUTO_TEST_CASE(samplers_serve_ranges_and_conditions) {
  SearchSpace space = conditional_space();
  space.parameters.push_back(range_of("rate", LATHE_PARAMETER_REAL, 1e-4, 1, 0, true));
  const auto regret = [](const std::vector<double>& point) {
    return std::abs(std::log10(point[4]) + 2) + (point[0] == 2 ? std::abs(point[1] - 6) : 3);
  };
  std::map<std::string, double> late;
  for (const char* name : {"random", "tpe", "qmc", "qmc<scramble=true,skip=3>",
                           "nsgaii<population_size=20>", "nsgaiii<population_size=20>"}) {
    const auto sampler = made(name, space, task(LATHE_DIRECTION_MINIMIZE, 11));
    for (std::uint64_t trial = 0; trial < 150; ++trial) {
      std::vector<double> point = asked(*sampler, space, trial);
      const std::vector<double> suggested = point;
      BOOST_CHECK_NO_THROW(check_suggestion(space, name, trial, point));
      for (std::size_t p = 0; p < point.size(); ++p) {
        BOOST_CHECK_EQUAL(std::isnan(suggested[p]), !space.parameters[p].condition.met(point));
      }
      const std::vector<double> value{regret(point)};
      sampler->started(trial, point);
      sampler->finished({trial, LATHE_STATE_COMPLETE, value});
      if (trial >= 100) late[name] += value[0] / 50;
    }
  }
  for (const auto& [name, mean] : late)
    BOOST_TEST_MESSAGE("mean regret of the last 50 trials: " << name << " " << mean);
  BOOST_CHECK_LT(late["tpe"], 0.5 * late["random"]);
  BOOST_CHECK_LT(late["nsgaii<population_size=20>"], late["random"]);
}

BOOST_AUTO_TEST_CASE(trials_that_others_ask_for_cost_brute_no_point) {
  const SearchSpace space = choices_space({4, 4});
  for (const char* name : {"brute", "brute<order=shuffled>"}) {
    const auto sampler = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 1));
    std::set<std::vector<double>> seen;
    std::vector<double> point(2);
    std::uint64_t trial = 0;
    const auto begin = [&] {
      sampler->started(trial++, point);
      seen.insert(point);
    };
    for (int i = 0; i < 8; ++i) {
      BOOST_REQUIRE(sampler->suggest(trial, 0, point));
      begin();
    }
    point = {1, 1};
    for (int i = 0; i < 4; ++i) begin();
    while (sampler->suggest(trial, 0, point)) begin();
    BOOST_CHECK_EQUAL(seen.size(), 16U);
    BOOST_CHECK_LE(trial, 20U);
    BOOST_CHECK_GE(trial, 19U);  // {1, 1} is new if it was not among the first 8
  }
}

BOOST_AUTO_TEST_CASE(each_attempt_at_a_trial_draws_anew) {
  const SearchSpace space = choices_space({50, 50, 50, 50});
  for (const char* name : {"random", "qmc", "qmc<scramble=true>", "nsgaii", "nsgaiii"}) {
    const auto sampler = made(name, space, task(LATHE_DIRECTION_MAXIMIZE, 1));
    std::set<std::vector<double>> points;
    for (std::uint64_t attempt = 0; attempt < 4; ++attempt)
      points.insert(asked(*sampler, space, 9, attempt));
    BOOST_CHECK_EQUAL(points.size(), 4U);
    BOOST_CHECK(points.count(asked(*sampler, space, 9, 2)) == 1);
  }
}

BOOST_AUTO_TEST_CASE(qmc_gives_trial_t_the_point_t_of_the_sequence) {
  SearchSpace space = choices_space({1, 8});
  space.parameters.push_back(range_of("rate", LATHE_PARAMETER_REAL, 1e-4, 1, 0, true));
  space.parameters.push_back(range_of("width", LATHE_PARAMETER_INTEGER, 2, 5, 1));
  const auto plain = made("qmc", space, task(LATHE_DIRECTION_MINIMIZE, 1));
  const auto later = made("qmc<skip=2>", space, task(LATHE_DIRECTION_MINIMIZE, 2));
  // The sequence in three dimensions begins 0 0 0, 1/2 1/2 1/2, 3/4 1/4 1/4, 1/4 3/4 3/4.
  const double rates[] = {1e-4, 1e-2, 1e-3, 1e-1}, choices[] = {0, 4, 6, 2},
               widths[] = {2, 4, 3, 5};
  for (std::uint64_t trial = 0; trial < 4; ++trial) {
    const auto point = asked(*plain, space, trial);
    BOOST_CHECK_EQUAL(point[0], 0);
    BOOST_CHECK_EQUAL(point[1], choices[trial]);
    BOOST_CHECK_CLOSE_FRACTION(point[2], rates[trial], 1e-12);
    BOOST_CHECK_EQUAL(point[3], widths[trial]);
    if (trial >= 2) BOOST_CHECK(point == asked(*later, space, trial - 2));
  }
}

BOOST_AUTO_TEST_CASE(more_than_a_sampler_can_serve_is_refused_before_the_first_trial) {
  const auto refused = [](const std::string& name, const SearchSpace& space,
                          const SamplerTask& task, const std::string& says) {
    BOOST_CHECK_EXCEPTION(made(name, space, task), Error, [&](const Error& error) {
      BOOST_TEST_MESSAGE(error.what());
      return error.exit_code() == 2 && std::string(error.what()).find(says) != std::string::npos;
    });
  };
  SearchSpace wide;
  for (int i = 0; i < 1112; ++i) wide.parameters.push_back(choices_of("p" + std::to_string(i), 2));
  refused("qmc", wide, task(LATHE_DIRECTION_MAXIMIZE, 0),
          "1111 dimensions, and 1112 parameters have more than one value");
  wide.parameters.back().choices.resize(1);
  BOOST_CHECK_NO_THROW(made("qmc", wide, task(LATHE_DIRECTION_MAXIMIZE, 0)));
  SearchSpace long_range;
  long_range.parameters = {range_of("n", LATHE_PARAMETER_INTEGER, 0, 0x1p60, 1)};
  refused("brute", long_range, task(LATHE_DIRECTION_MAXIMIZE, 0), "parameter 'n'");
  SamplerTask many;
  many.directions.assign(40, LATHE_DIRECTION_MINIMIZE);
  refused("nsgaiii<dividing_parameter=20>", choices_space({2}), many,
          "give a smaller dividing_parameter");
}

BOOST_AUTO_TEST_SUITE_END()
