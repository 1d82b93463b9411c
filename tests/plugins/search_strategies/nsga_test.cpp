// Survivors of NSGA-II and NSGA-III against Optuna's, and what children may be made of.
#include "plugins/search_strategies/nsga/evolution.hpp"
#include "plugins/search_strategies/nsga/selection.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <set>

namespace {

using nlohmann::json;
using namespace search_strategies;

NextUniform drawn(std::uint64_t seed) {
  return [random = std::mt19937_64(seed)]() mutable {
    return static_cast<double>(random() >> 11) * 0x1p-53;
  };
}

Population population_of(const json& golden) {
  Population population;
  for (std::size_t i = 0; i < golden.at("objectives").size(); ++i) {
    Individual individual;
    for (const json& value : golden.at("objectives")[i])
      individual.objectives.push_back(value.is_null() ? HUGE_VAL : value.get<double>());
    individual.violation = golden.at("violations")[i];
    population.push_back(std::move(individual));
  }
  return population;
}

// A format with a width under two of its names, and a rate.
Space conditional_space() {
  Space space;
  space.parameters.resize(3);
  space.parameters[0].name = "format";
  space.parameters[0].choices = 3;
  space.parameters[1].name = "width";
  space.parameters[1].kind = LATHE_PARAMETER_INTEGER;
  space.parameters[1].low = 2, space.parameters[1].high = 900, space.parameters[1].step = 1;
  space.parameters[1].parent = 0;
  space.parameters[1].parent_values = {0, 2};
  space.parameters[2].name = "rate";
  space.parameters[2].kind = LATHE_PARAMETER_REAL;
  space.parameters[2].low = 0, space.parameters[2].high = 1;
  space.directions = {LATHE_DIRECTION_MINIMIZE, LATHE_DIRECTION_MAXIMIZE};
  return space;
}

// A search without a host: trial t is told when trial t + lookahead + 1 is asked for.
struct Search {
  explicit Search(const EvolutionOptions& given, std::size_t late = 0)
      : options(given), lookahead(late), evolution(conditional_space(), given) {}

  const std::vector<double>& ask(std::uint64_t attempt = 0) {
    const std::uint64_t trial = points.size();
    for (; told + lookahead < trial; ++told) tell(told);
    std::vector<double> point(evolution.space().parameters.size(), kAbsent);
    evolution.suggest(
        attempt,
        [&](const Population& population, std::uint64_t) {
          return least_crowded(population, options.population_size);
        },
        [&](const std::string& stream, double* out, std::size_t count) {
          std::mt19937_64 random(std::hash<std::string>()(stream) + 1000003 * trial + attempt);
          for (std::size_t i = 0; i < count; ++i)
            out[i] = static_cast<double>(random() >> 11) * 0x1p-53;
        },
        point.data());
    evolution.started(trial, point.data());
    points.push_back(point);
    return points.back();
  }

  // Every third trial fails.
  bool fails(std::uint64_t trial) const { return trial % 3 == 1; }

  void tell(std::uint64_t trial) {
    if (fails(trial)) return evolution.gave_nothing(trial);
    const auto& point = points[trial];
    const double width = is_absent(point[1]) ? 500 : point[1];
    const double values[] = {std::abs(width - 300), 1 - std::abs(point[2] - 0.3)};
    evolution.completed(trial, values, 0);
  }

  EvolutionOptions options;
  std::size_t lookahead;
  Evolution evolution;
  std::vector<std::vector<double>> points;
  std::uint64_t told = 0;
};

EvolutionOptions ten_without_mutation() {
  EvolutionOptions options;
  options.population_size = 10;
  options.mutation_prob = 0;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nsga)

BOOST_AUTO_TEST_CASE(survivors_are_optunas) {
  const json golden = lathe_test::golden_json("nsga.json");
  for (std::size_t i = 0; i < golden.at("cases").size(); ++i) {
    BOOST_TEST_CONTEXT("case " << i) {
      const json& expected = golden.at("cases")[i];
      const Population population = population_of(expected);
      const std::size_t size = expected.at("population_size");
      const Directions directions = reference_directions(population.front().objectives.size(), 3);
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Members survivors = expected.at("sampler") == "nsgaii"
                                      ? least_crowded(population, size)
                                      : of_niches(population, size, directions, drawn(seed));
        const std::set<std::size_t> own(survivors.begin(), survivors.end());
        BOOST_TEST(own.size() == size);
        for (const std::size_t member : expected.at("always")) BOOST_TEST(own.count(member) == 1);
        for (const std::size_t member : expected.at("never")) BOOST_TEST(own.count(member) == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(feasible_individuals_dominate_whatever_their_objectives) {
  const Individual good{{}, {1, 1}, 0}, bad{{}, {2, 2}, 0}, other{{}, {0, 3}, 0};
  const Individual violating{{}, {0, 0}, 1}, worse{{}, {-1, -1}, 2};
  BOOST_TEST(dominates(good, bad));
  BOOST_TEST(!dominates(bad, good));
  BOOST_TEST(!dominates(good, good));
  BOOST_TEST((!dominates(good, other) && !dominates(other, good)));
  BOOST_TEST(dominates(bad, violating));
  BOOST_TEST(dominates(violating, worse));
  BOOST_TEST(!dominates(worse, violating));
}

BOOST_AUTO_TEST_CASE(reference_directions_are_all_ways_to_share_the_parts) {
  for (std::size_t objectives = 1; objectives < 6; ++objectives) {
    for (std::size_t parts = 1; parts < 5; ++parts) {
      const Directions directions = reference_directions(objectives, parts);
      BOOST_TEST(directions.size() == count_directions(objectives, parts, 1000));
      BOOST_TEST(std::set(directions.begin(), directions.end()).size() == directions.size());
      for (const auto& direction : directions) {
        double sum = 0;
        for (const double share : direction) sum += share;
        BOOST_TEST(sum == static_cast<double>(parts));
      }
    }
  }
  BOOST_TEST(count_directions(3, 12, 1000) == 91U);  // as in the paper's table of populations
  BOOST_TEST(count_directions(40, 1000, 1000) == 1000U);
}

BOOST_AUTO_TEST_CASE(equal_individuals_leave_no_niche_without_a_number) {
  Population population(12);
  for (Individual& individual : population) individual.objectives = {3, 3, HUGE_VAL};
  const Members survivors = of_niches(population, 5, reference_directions(3, 3), drawn(1));
  BOOST_TEST(std::set<std::size_t>(survivors.begin(), survivors.end()).size() == 5U);
}

BOOST_AUTO_TEST_CASE(children_have_values_of_complete_trials_only) {
  Search search(ten_without_mutation());
  std::set<double> rates, failed;
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const std::vector<double> point = search.ask();
    BOOST_TEST(is_absent(point[1]) == (point[0] == 1));
    // Ten are complete when trial 15 is asked for.
    if (trial < 15) {
      BOOST_TEST((rates.count(point[2]) == 0 && failed.count(point[2]) == 0));
      (search.fails(trial) ? failed : rates).insert(point[2]);
    } else {
      BOOST_TEST(rates.count(point[2]) == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_generation_begins_as_late_as_its_parents_are_told) {
  Search search(ten_without_mutation(), 4);
  std::set<double> rates;
  for (std::uint64_t trial = 0; trial < 40; ++trial)
    BOOST_TEST(rates.insert(search.ask()[2]).second == (trial < 15 + 4));
}

BOOST_AUTO_TEST_CASE(parents_are_the_better_ones) {
  Search search(ten_without_mutation());
  for (std::uint64_t trial = 0; trial < 15 * 8; ++trial) search.ask();
  double early = 0, late = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    early += std::abs(search.points[i][2] - 0.3);
    late += std::abs(search.points[15 * 7 + i][2] - 0.3);
  }
  BOOST_TEST(late < 0.5 * early);
}

BOOST_AUTO_TEST_CASE(attempts_mutate_more_and_more) {
  EvolutionOptions options = ten_without_mutation();
  options.mutation_prob = 0.1;
  double fresh[2] = {};
  for (const std::uint64_t attempt : {0, 8}) {
    Search search(options);
    std::set<double> rates;
    for (std::uint64_t trial = 0; trial < 15; ++trial) rates.insert(search.ask()[2]);
    for (std::uint64_t trial = 15; trial < 315; ++trial)
      fresh[attempt == 0 ? 0 : 1] += rates.insert(search.ask(attempt)[2]).second ? 1 : 0;
  }
  // 1 - 0.9^9 = 0.61 of 300, with a deviation of 8.
  BOOST_TEST(std::abs(fresh[0] - 30) < 25);
  BOOST_TEST(std::abs(fresh[1] - 184) < 35);
}

BOOST_AUTO_TEST_SUITE_END()
