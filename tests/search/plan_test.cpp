// [search] tables become plans, or errors with a place. Needs the built-in plugins.
#include "core/search/plan/plan.hpp"
#include "core/options/text/document.hpp"
#include "core/search/loop/point.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

namespace {

using namespace lathe;

const Registry& registry() {
  static const Registry all({{lathe_test::built_plugin_dir(), "built-in"}}, {});
  return all;
}

constexpr const char* kStrategy = R"(
[search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "type"
seed.default.config.name = ["NA"]

[strategy]
name = "optuna"
sw_runner.basic_evaluation = {data_loader = "val_dataloader", num_samples = 512}
hw_runner.average_bitwidth = {compare_to = 32}
setup = {n_jobs = 2, n_trials = 40, timeout = 20000, sampler = "TPE", sum_scaled_metrics = false}

[strategy.metrics]
average_bitwidth = {scale = 0.2, direction = "minimize"}
accuracy = {scale = 1.0, direction = "maximize"}
)";

SamplerTask task(lathe_direction direction, std::uint64_t seed) {
  SamplerTask one;
  one.directions = {direction};
  one.seed = seed;
  return one;
}

SearchPlan plan(std::string text = kStrategy) {
  return *check_plan(plan_search(parse_toml(text, "search.toml"), registry()));
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kStrategy;
  const std::size_t at = text.find(from);
  if (at == text.npos) throw std::logic_error("no '" + from + "' in the test's table");
  return text.replace(at, from.size(), to);
}

void check_refused(const std::string& text, std::initializer_list<const char*> parts) {
  try {
    plan(text);
    BOOST_ERROR("accepted: " << text);
  } catch (const Error& error) {
    BOOST_CHECK_EQUAL(error.exit_code(), 2);
    for (const char* part : parts)
      BOOST_CHECK_MESSAGE(std::string(error.what()).find(part) != std::string::npos,
                          "'" << part << "' in: " << error.what());
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_search_reads_the_splits_that_its_runners_name) {
  const auto read = [](const std::string& text) { return splits_read(plan(text)); };
  BOOST_CHECK(read(kStrategy) == std::vector{Split::validation});
  BOOST_CHECK(read(changed("val_dataloader", "test_dataloader")) == std::vector{Split::test});
  const std::vector<Split> both =
      read(changed("hw_runner", "sw_runner.evaluate = {split = \"test\"}\nhw_runner"));
  BOOST_CHECK(std::set(both.begin(), both.end()) == (std::set{Split::validation, Split::test}));
  BOOST_CHECK_EQUAL(both.size(), 2);
}

BOOST_AUTO_TEST_CASE(a_search_that_trains_or_sets_transforms_up_may_read_any_split) {
  BOOST_CHECK(splits_read(plan(changed("setup.by = \"type\"",
                                       "setup.by = \"type\"\nsetup.quantize.calibration = "
                                       "\"range\"")))
                  .empty());
  BOOST_CHECK(splits_read(plan(changed("hw_runner",
                                       "sw_runner.basic_train = {num_samples = 512}\nhw_runner")))
                  .empty());
}

BOOST_AUTO_TEST_CASE(a_table_of_mase_becomes_a_plan) {
  const SearchPlan made = plan();
  BOOST_CHECK_EQUAL(made.options.sampler.name(), "tpe");
  BOOST_CHECK_EQUAL(made.options.n_trials, 40);
  BOOST_CHECK_EQUAL(made.options.jobs, 2);
  BOOST_CHECK_EQUAL(made.options.timeout_seconds, 20000);
  BOOST_REQUIRE_EQUAL(made.options.metrics.size(), 2);
  BOOST_CHECK_EQUAL(made.options.metrics[0].name, "accuracy");
  BOOST_CHECK_EQUAL(made.options.metrics[1].scale, 0.2);
  const std::vector<lathe_direction> directions = {LATHE_DIRECTION_MAXIMIZE,
                                                   LATHE_DIRECTION_MINIMIZE};
  BOOST_CHECK(made.options.directions() == directions);
  BOOST_REQUIRE_EQUAL(made.runners.size(), 2);
  BOOST_CHECK_EQUAL(made.runners[0].step.component->id, "evaluate");
  BOOST_CHECK_EQUAL(made.runners[0].step.options.find("num_samples")->as_int(), 512);
  BOOST_CHECK(!made.runners[0].hardware);
  BOOST_CHECK_EQUAL(made.runners[1].step.component->id, "average_bitwidth");
  BOOST_CHECK(made.runners[1].hardware);
}

BOOST_AUTO_TEST_CASE(summed_metrics_are_one_objective) {
  const SearchPlan made = plan(
      changed("sum_scaled_metrics = false", "sum_scaled_metrics = true, direction = \"minimize\""));
  BOOST_CHECK(made.options.directions() == std::vector<lathe_direction>{LATHE_DIRECTION_MINIMIZE});
}

BOOST_AUTO_TEST_CASE(any_analysis_pass_can_be_a_runner_and_its_scalars_metrics) {
  std::string text =
      changed("hw_runner.average_bitwidth = {compare_to = 32}", "hw_runner.bitops = {}");
  text.replace(text.find("average_bitwidth = {scale"), 16, "total_bitops");
  const SearchPlan made = plan(text);
  BOOST_CHECK_EQUAL(made.runners[1].step.component->id, "bitops");
}

BOOST_AUTO_TEST_CASE(a_wrong_search_table_is_refused_with_its_place) {
  check_refused(changed("accuracy = {", "acuracy = {"),
                {"search.toml:15:", "acuracy", "did you mean 'accuracy'"});
  check_refused(changed("\"TPE\"", "\"tpee\""), {"search.toml:11:", "tpee", "did you mean 'tpe'"});
  check_refused(changed("\"TPE\"", "'tpe<n_startup=5>'"),
                {"search.toml:11:", "n_startup", "n_startup_trials"});
  check_refused(changed("\"TPE\"", "'tpe<n_ei_candidates=0>'"),
                {"search.toml:11:", "n_ei_candidates"});
  check_refused(changed("\"TPE\"", "\"nsgaii\""), {"search.toml:11:", "nsgaii"});
  check_refused(changed("basic_evaluation", "basic_evaluatoin"),
                {"search.toml:9:", "basic_evaluatoin"});
  check_refused(changed("compare_to = 32", "compare_too = 32"),
                {"search.toml:10:", "compare_too", "compare_to"});
  check_refused(
      changed("hw_runner.average_bitwidth = {compare_to = 32}", "hw_runner.quantize = {}"),
      {"search.toml:10:", "quantize", "transform"});
  check_refused(changed("n_trials = 40", "n_trials = 0"), {"search.toml:11:", "n_trials"});
}

BOOST_AUTO_TEST_CASE(brute_as_a_plugin_visits_every_point_and_stops) {
  SearchSpace space;
  for (int choices : {2, 3, 3}) {
    SearchParameter parameter;
    parameter.name = "p" + std::to_string(space.parameters.size());
    for (int c = 0; c < choices; ++c) parameter.choices.emplace_back(c);
    space.parameters.push_back(parameter);
  }
  for (const char* order : {"sequential", "shuffled"}) {
    const SamplerChoice brute =
        choose_sampler({"brute", Value(Value::Map{{"order", order}}), {}}, registry());
    const auto sampler = brute.make(space, task(LATHE_DIRECTION_MAXIMIZE, 0));
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
  SearchSpace space;
  for (int i = 0; i < 5; ++i) {
    SearchParameter parameter;
    parameter.name = "p" + std::to_string(i);
    for (int c = 0; c < 4; ++c) parameter.choices.emplace_back(c);
    space.parameters.push_back(parameter);
  }
  for (const char* name : {"tpe", "random", "brute"}) {
    const SamplerChoice choice = choose_sampler({name, Value(Value::Map{}), {}}, registry());
    std::vector<std::vector<double>> points;
    const auto play = [&](Sampler& sampler, std::uint64_t from, std::uint64_t to, bool check) {
      for (std::uint64_t trial = from; trial < to; ++trial) {
        std::vector<double> point(5);
        BOOST_REQUIRE(sampler.suggest(trial, 0, point));
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
    const auto whole = choice.make(space, task(LATHE_DIRECTION_MAXIMIZE, 3));
    play(*whole, 0, 80, false);
    // Rebuilt by replay in the middle, it goes on the same.
    const auto rebuilt = choice.make(space, task(LATHE_DIRECTION_MAXIMIZE, 3));
    for (std::uint64_t trial = 0; trial < 40; ++trial) {
      const std::vector<double> value = {points[trial][0] - 2 * points[trial][3]};
      rebuilt->started(trial, points[trial]);
      rebuilt->finished({trial, LATHE_STATE_COMPLETE, value});
    }
    play(*rebuilt, 40, 80, true);
    const auto other = choice.make(space, task(LATHE_DIRECTION_MAXIMIZE, 4));
    std::vector<double> point(5);
    int same = 0;
    for (std::uint64_t trial = 0; trial < 10; ++trial) {
      other->suggest(trial, 0, point);
      same += point == points[trial];
    }
    if (std::string(name) != "brute") BOOST_CHECK_LT(same, 3);
  }
}

namespace {

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

}  // namespace

BOOST_AUTO_TEST_CASE(brute_visits_the_different_networks_of_a_conditional_space) {
  const SearchSpace space = conditional_space();
  // (4 + 1 + 4) names with widths; depths 1, 2 with 3, 3, 4 with 3.
  BOOST_REQUIRE(space.networks().has_value());
  BOOST_CHECK_EQUAL(*space.networks(), 9 * 8);
  BOOST_CHECK_EQUAL(space.size(), 3 * 4 * 4 * 3);
  for (const char* order : {"sequential", "shuffled"}) {
    const auto sampler =
        choose_sampler({"brute", Value(Value::Map{{"order", order}}), {}}, registry())
            .make(space, task(LATHE_DIRECTION_MAXIMIZE, 5));
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
  const SamplerChoice brute = choose_sampler({"brute", Value(Value::Map{}), {}}, registry());
  BOOST_CHECK_EXCEPTION(
      brute.make(space, task(LATHE_DIRECTION_MAXIMIZE, 0)), Error, [](const Error& error) {
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
  double late[2] = {};
  int which = 0;
  for (const char* name : {"random", "tpe"}) {
    const auto sampler = choose_sampler({name, Value(Value::Map{}), {}}, registry())
                             .make(space, task(LATHE_DIRECTION_MINIMIZE, 11));
    for (std::uint64_t trial = 0; trial < 150; ++trial) {
      std::vector<double> point(5);
      BOOST_REQUIRE(sampler->suggest(trial, 0, point));
      const std::vector<double> suggested = point;
      BOOST_CHECK_NO_THROW(check_suggestion(space, name, trial, point));
      for (std::size_t p = 0; p < point.size(); ++p) {
        BOOST_CHECK_EQUAL(std::isnan(suggested[p]), !space.parameters[p].condition.met(point));
      }
      const std::vector<double> value{regret(point)};
      sampler->started(trial, point);
      sampler->finished({trial, LATHE_STATE_COMPLETE, value});
      if (trial >= 100) late[which] += value[0] / 50;
    }
    ++which;
  }
  BOOST_TEST_MESSAGE("mean regret of the last 50 trials: random " << late[0] << ", tpe "
                                                                  << late[1]);
  BOOST_CHECK_LT(late[1], 0.5 * late[0]);
}
