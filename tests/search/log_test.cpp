// best.json, log.json and the choice of the best, against Optuna's and pandas' own output.
#include "core/search/study/log.hpp"
#include "core/search/loop/pareto.hpp"
#include "core/search/loop/result.hpp"
#include "core/search/plan/options.hpp"
#include "tests/mase/log_texts.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace lathe;
using nlohmann::ordered_json;

Value value_of(const ordered_json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  Value::Map map;
  if (json.is_null()) return {};
  for (const auto& [key, element] : json.items()) map.emplace_back(key, value_of(element));
  return map;
}

// The two trials of the golden file, read back out of its own text.
struct Golden {
  SearchOptions options;
  SearchSpace space;
  SearchResult result;

  explicit Golden(const std::string& text) {
    const auto log = ordered_json::parse(text);
    const bool single = log["0"].contains("value");
    options.metrics = {{"accuracy", 1.0, LATHE_DIRECTION_MAXIMIZE, {}},
                       {"average_bitwidth",
                        0.2,
                        single ? LATHE_DIRECTION_MAXIMIZE : LATHE_DIRECTION_MINIMIZE,
                        {}}};
    options.sum_scaled_metrics = single;
    // A parameter for each leaf of the config, its choices those of the trials.
    for (const auto& [node, config] : log["0"]["user_attrs_sampled_config"].items())
      for (const auto& [key, first] : config["config"].items()) {
        SearchParameter parameter;
        parameter.name = node + "/config/" + key;
        for (const auto& [number, trial] : log.items())
          parameter.choices.push_back(
              value_of(trial["user_attrs_sampled_config"][node]["config"][key]));
        space.parameters.push_back(parameter);
      }
    for (const auto& [number, row] : log.items()) {
      Trial trial;
      trial.number = row["number"];
      trial.state = TrialState::complete;
      trial.point.assign(space.parameters.size(), static_cast<double>(trial.number));
      if (single) {
        trial.values = {row["value"].get<double>()};
      } else {
        trial.values = {row["values_0"].get<double>(), row["values_1"].get<double>()};
      }
      trial.hardware_metrics = value_of(row["user_attrs_hardware_metrics"]);
      trial.scaled_metrics = value_of(row["user_attrs_scaled_metrics"]);
      trial.software_metrics = value_of(row["user_attrs_software_metrics"]);
      const auto time = [](const ordered_json& epoch) {
        return std::chrono::system_clock::time_point(
            std::chrono::milliseconds(epoch.get<std::int64_t>()));
      };
      trial.started = time(row["datetime_start"]);
      trial.completed = trial.started + std::chrono::milliseconds(row["duration"].get<int>());
      // pandas floors both times to milliseconds, the duration only once.
      trial.completed = std::max(trial.completed, time(row["datetime_complete"]));
      if (trial.completed - trial.started > std::chrono::milliseconds(row["duration"].get<int>()))
        trial.started += std::chrono::microseconds(900);
      result.trials.push_back(trial);
    }
    std::vector<std::vector<double>> values;
    for (const Trial& trial : result.trials) values.push_back(trial.values);
    result.best = best_trials(values, options.directions());
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(log_and_best_are_written_as_pandas_does) {
  const auto golden = lathe_test::golden_json("search_strategy.json");
  for (const char* suffix : {"", "_single_objective"}) {
    const std::string log = golden[std::string("log_json_format") + suffix];
    const std::string best = golden[std::string("best_json_format") + suffix];
    const Golden two(log);
    const std::size_t objectives = two.options.directions().size();
    std::vector<LoggedTrial> best_rows;
    for (const std::size_t index : two.result.best)
      best_rows.push_back(logged(two.space, two.result.trials[index]));
    std::vector<LoggedTrial> rows;
    for (const Trial& trial : two.result.trials) rows.push_back(logged(two.space, trial));
    BOOST_CHECK_EQUAL(lathe_test::log_text(rows, columns_of(two.result.trials, objectives)), log);
    BOOST_CHECK_EQUAL(lathe_test::best_text(best_rows, objectives), best);
  }
  BOOST_TEST_MESSAGE("search_strategy.json: 4 texts");
}

BOOST_AUTO_TEST_CASE(the_best_trials_are_those_that_optuna_finds) {
  const auto golden = lathe_test::golden_json("search_strategy.json");
  int checked = 0;
  for (const auto& row : golden["cases"]) {
    const bool single = row.contains("direction");
    std::vector<lathe_direction> directions;
    for (const auto& direction :
         single ? nlohmann::json::array({row["direction"]}) : row["directions"])
      directions.push_back(direction == "maximize" ? LATHE_DIRECTION_MAXIMIZE
                                                   : LATHE_DIRECTION_MINIMIZE);
    std::vector<std::vector<double>> values;
    for (const auto& value : row["values"])
      values.push_back(single ? std::vector<double>{value.get<double>()}
                              : value.get<std::vector<double>>());
    const auto expected = single ? std::vector<std::size_t>{row["best_trial"].get<std::size_t>()}
                                 : row["best_trials"].get<std::vector<std::size_t>>();
    BOOST_TEST_CONTEXT("case " << checked) {
      const auto best = best_trials(values, directions);
      BOOST_CHECK_EQUAL_COLLECTIONS(best.begin(), best.end(), expected.begin(), expected.end());
    }
    ++checked;
  }
  BOOST_TEST_MESSAGE("search_strategy.json: " << checked << " cases of best trials");
  BOOST_CHECK_EQUAL(checked, 16);
}

BOOST_AUTO_TEST_CASE(a_trial_with_a_nan_is_never_the_best_and_an_infinite_one_compares) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto best = [](const std::vector<std::vector<double>>& values,
                       const std::vector<lathe_direction>& directions) {
    return best_trials(values, directions);
  };
  using Indexes = std::vector<std::size_t>;
  constexpr auto kDown = LATHE_DIRECTION_MINIMIZE, kUp = LATHE_DIRECTION_MAXIMIZE;
  BOOST_CHECK(best({{nan}, {2}, {1}}, {kDown}) == Indexes{2});
  BOOST_CHECK(best({{nan}, {2}, {1}}, {kUp}) == Indexes{1});
  BOOST_CHECK(best({{nan}, {nan}}, {kDown}).empty());
  BOOST_CHECK(best({{infinity}, {2}, {-infinity}}, {kDown}) == Indexes{2});
  BOOST_CHECK(best({{infinity}, {2}, {-infinity}}, {kUp}) == Indexes{0});
  BOOST_CHECK(best({{nan, 0}, {0, nan}, {2, 1}, {1, 2}}, {kDown, kDown}) == (Indexes{2, 3}));
  BOOST_CHECK(best({{nan, 0, 0}, {1, 1, 1}, {0, 0, nan}}, {kDown, kDown, kDown}) == Indexes{1});
}

BOOST_AUTO_TEST_CASE(the_pareto_front_is_what_comparing_all_pairs_gives) {
  std::mt19937_64 random(4);
  for (std::size_t objectives : {2, 3}) {
    std::vector<lathe_direction> directions(objectives, LATHE_DIRECTION_MINIMIZE);
    directions[0] = LATHE_DIRECTION_MAXIMIZE;
    std::vector<std::vector<double>> values;
    for (int i = 0; i < 400; ++i) {
      std::vector<double> value;
      for (std::size_t o = 0; o < objectives; ++o)
        value.push_back(static_cast<double>(random() % 25));
      values.push_back(i % 17 == 0 ? std::vector<double>{} : value);  // failed
    }
    std::vector<std::size_t> expected;
    for (std::size_t a = 0; a < values.size(); ++a) {
      bool dominated = values[a].empty();
      for (std::size_t b = 0; b < values.size() && !dominated; ++b) {
        if (values[b].empty()) continue;
        bool no_worse = true, better = false;
        for (std::size_t o = 0; o < objectives; ++o) {
          const double sign = directions[o] == LATHE_DIRECTION_MAXIMIZE ? -1 : 1;
          no_worse &= sign * values[b][o] <= sign * values[a][o];
          better |= sign * values[b][o] < sign * values[a][o];
        }
        dominated = no_worse && better;
      }
      if (!dominated) expected.push_back(a);
    }
    BOOST_CHECK(best_trials(values, directions) == expected);
  }
}
