// [search] tables become plans, or errors with a place. Needs the built-in plugins.
#include "core/search/plan/plan.hpp"
#include "core/options/text/document.hpp"
#include "tests/search/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace lathe_test;

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
  check_refused(changed("\"TPE\"", "\"cmaes\""), {"search.toml:11:", "cmaes"});
  check_refused(changed("basic_evaluation", "basic_evaluatoin"),
                {"search.toml:9:", "basic_evaluatoin"});
  check_refused(changed("compare_to = 32", "compare_too = 32"),
                {"search.toml:10:", "compare_too", "compare_to"});
  check_refused(
      changed("hw_runner.average_bitwidth = {compare_to = 32}", "hw_runner.quantize = {}"),
      {"search.toml:10:", "quantize", "transform"});
  check_refused(changed("n_trials = 40", "n_trials = 0"), {"search.toml:11:", "n_trials"});
}
