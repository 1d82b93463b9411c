// Whole searches over a real graph with built-in passes that need no engine.
#include "core/search/search.hpp"
#include "core/options/text/document.hpp"
#include "core/options/training_options.hpp"
#include "tests/graph/models.hpp"
#include "tests/search/fakes.hpp"
#include "tests/search/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace lathe_test;

constexpr const char* kSearch = R"(
[search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "name"
seed.default.config.name = ["NA"]

[search_space.seed.seq_blocks_2.config]
name = ["NA", "integer"]
data_in_width = [4, 8]
data_in_frac_width = ["NA"]
weight_width = [2, 4, 8]
weight_frac_width = ["NA"]
bias_width = [8]
bias_frac_width = ["NA"]

[strategy]
name = "optuna"
hw_runner.average_bitwidth = {compare_to = 32}
hw_runner.bitops = {}
setup = {n_jobs = 1, n_trials = 40, sampler = "brute", sum_scaled_metrics = false}

[strategy.metrics]
average_bitwidth = {scale = 0.2, direction = "minimize"}
total_bitops = {scale = 1.0, direction = "minimize"}
)";

struct Bench {
  TemporaryFolder folder;
  Graph graph = jsc_tiny();
  RunContext context;
  SearchPlan plan;
  SearchPlace place;
  SearchSpace space;

  explicit Bench(const std::string& text = kSearch) {
    plan = plan_search(parse_toml(text, "search.toml"), registry());
    place.folder = folder.path() / "out";
    space = build_space(plan.space, graph, registry());
    context.registry = &registry();
    context.original = &graph;
  }
  SearchResult run() {
    return search_networks(check_plan(plan), place, space, graph, context, {}, never());
  }
  std::string file(const char* name) const {
    std::ifstream in(folder.path() / "out" / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::string with(const std::string& from, const std::string& to) {
  std::string text = kSearch;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

// MASE quantizes the same graph again and again, so that a layer stays quantized when a later trial
// picks null (golden search_space.json, state_leak_between_trials). Here each starts afresh.
BOOST_AUTO_TEST_CASE(no_trial_sees_what_another_did_to_the_graph) {
  Bench bench;
  const SearchResult result = bench.run();
  BOOST_CHECK(result.exhausted);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 7);  // 2 * 3 widths, and the layer as it is
  std::size_t name = 0, width = 0;
  for (std::size_t p = 0; p < bench.space.parameters.size(); ++p) {
    if (bench.space.parameters[p].name == "seq_blocks_2/config/name") name = p;
    if (bench.space.parameters[p].name == "seq_blocks_2/config/weight_width") width = p;
  }
  std::set<std::vector<double>> points;
  for (const Trial& trial : result.trials) {
    points.insert(trial.point);
    const double bits = trial.hardware_metrics.find("average_bitwidth")->as_float();
    const double widths[] = {2, 4, 8};
    BOOST_CHECK_EQUAL(bits,
                      trial.point[name] == 0 ? 32 : widths[static_cast<int>(trial.point[width])]);
    BOOST_CHECK_EQUAL(trial.values[0], 0.2 * bits);
  }
  BOOST_CHECK_EQUAL(points.size(), 7);
  BOOST_CHECK(bench.graph.node(bench.graph.find("seq_blocks_2")).formats.empty());
}

// Seeds follow the nodes of the model that is built anew, by name; without such a node a trial
// fails and the others go on.
BOOST_AUTO_TEST_CASE(a_searched_model_is_built_in_each_trial_and_transformed_like_the_original) {
  std::string text = with("weight_width = [2, 4, 8]", "weight_width = [4, 8]");
  text.replace(text.find("[\"NA\", \"integer\"]"), 17, "[\"integer\"]");
  text.replace(text.find("data_in_width = [4, 8]"), 22, "data_in_width = [4]");
  text.replace(text.find("[strategy]"), 10, "[search_space.model]\ndepth = [1, 2, 3]\n[strategy]");
  const SearchPlan plan = plan_search(parse_toml(text, "search.toml"), registry());
  OptionTable model{"model 'net'", {}};
  model.options.push_back(training_option("max_epochs"));
  model.options.back().key = "depth";
  const Graph original = jsc_tiny();
  const SearchSpace space = build_space(plan.space, original, registry(), &model);
  SearchPlan built = plan;
  built.options.jobs = 2;
  built.build = [](const Value& options, RunContext&) {
    const std::int64_t depth = options.find("depth")->as_int();
    if (depth == 1) return jsc_tiny();
    return jet_net("seq_blocks",
                   depth == 2 ? std::vector{0, -1, 8, -1, 5} : std::vector{0, -1, -1, 5}, 8);
  };
  RunContext context;
  context.registry = &registry();
  context.original = &original;
  const SearchResult result =
      search_networks(check_plan(built), {}, space, original, context, {}, never());
  BOOST_REQUIRE_EQUAL(result.trials.size(), 6);
  for (const Trial& trial : result.trials) {
    const Value config = sampled_config(space, trial.point);
    const std::int64_t depth = config.find("model")->find("depth")->as_int();
    BOOST_TEST_CONTEXT(config.text()) {
      if (depth == 3) {
        BOOST_CHECK(trial.state == TrialState::fail);
        BOOST_CHECK(trial.error.find("has no node 'seq_blocks_2' with the op linear") !=
                    std::string::npos);
        continue;
      }
      BOOST_REQUIRE(trial.state == TrialState::complete);
      const double width =
          config.find("seq_blocks_2")->find("config")->find("weight_width")->as_float();
      // 16 x 8 weights of that width and, in the deeper one, 8 x 5 of 32 bits.
      const double bits = depth == 1 ? width : (128 * width + 40 * 32) / 168;
      BOOST_CHECK_CLOSE_FRACTION(trial.hardware_metrics.find("average_bitwidth")->as_float(), bits,
                                 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(log_and_best_files_hold_the_search) {
  Bench bench;
  const SearchResult result = bench.run();
  BOOST_CHECK_EQUAL(bench.file("log.json"), log_of_trials(bench.space, result.trials,
                                                          bench.plan.options.directions().size()));
  const auto best = nlohmann::json::parse(bench.file("best.json"));
  BOOST_REQUIRE_EQUAL(best.size(), result.best.size());
  BOOST_CHECK_EQUAL(best["0"]["hardware_metrics"]["average_bitwidth"], 2.0);
  BOOST_CHECK_EQUAL(best["0"]["sampled_config"]["seq_blocks_2"]["config"]["name"], "integer");
}

BOOST_AUTO_TEST_CASE(jobs_do_not_change_the_log_of_a_search_on_graphs) {
  std::string expected;
  for (int jobs : {1, 2, 8}) {
    Bench bench(with("\"brute\"", "\"tpe\""));
    bench.plan.options.jobs = jobs;
    bench.run();
    const std::string log = timeless(bench.file("log.json"));
    if (jobs == 1) expected = log;
    BOOST_CHECK_EQUAL(log, expected);
  }
}

BOOST_AUTO_TEST_CASE(a_study_takes_no_trials_of_another_network_or_other_runners) {
  Bench bench;
  bench.place.storage_url = "sqlite:///" + (bench.folder.path() / "study.db").string();
  bench.run();
  const auto refused = [&](auto act, const char* part) {
    BOOST_CHECK_EXCEPTION(act(), Error, [&](const Error& error) {
      BOOST_CHECK_MESSAGE(error.message().find(part) != std::string::npos, error.message());
      return error.exit_code() == 2;
    });
  };
  bench.plan.runners.pop_back();
  bench.plan.options.metrics.pop_back();
  refused([&] { bench.run(); }, "was begun with 2 objectives");
  bench.plan = Bench(with("compare_to = 32", "compare_to = 16")).plan;
  bench.place.storage_url = "sqlite:///" + (bench.folder.path() / "study.db").string();
  refused([&] { bench.run(); }, "runners");
}

BOOST_AUTO_TEST_CASE(a_training_parameter_that_nobody_trains_with_is_refused) {
  Bench bench(
      with("[strategy]", "[search_space.training]\nlearning_rate = [0.1, 0.01]\n\n[strategy]"));
  BOOST_CHECK_EXCEPTION(bench.run(), Error, [](const Error& error) {
    return error.exit_code() == 2 && error.message().find("learning_rate") != std::string::npos &&
           error.message().find("basic_train") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_search_whose_trials_all_fail_says_so_and_keeps_the_log) {
  Bench bench;
  bench.plan.options.metrics[0].scale = std::nan("");
  BOOST_CHECK_EXCEPTION(bench.run(), Error, [](const Error& error) {
    return error.exit_code() == 1 &&
           error.message().find("all 7 trials failed") != std::string::npos;
  });
  BOOST_CHECK_EQUAL(nlohmann::json::parse(bench.file("log.json"))["6"]["state"], "FAIL");
}
