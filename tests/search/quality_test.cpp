// Samplers on a published function whose optimum is known, as tools/sampler_quality runs them.
#include "tests/search/registry.hpp"
#include "tools/sampler_quality/comparison.hpp"
#include "tools/sampler_quality/one_at_a_time.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace lathe_test;
using namespace lathe::quality;

BOOST_AUTO_TEST_CASE(exact_is_at_the_optimum_in_the_first_trial_after_one_at_a_time) {
  const Function function = read_function(golden("function_p01.json"));
  const std::size_t probes = OneAtATime(function).points().size();
  Task task{parse_component("exact", "--sampler")};
  task.trials = static_cast<std::int64_t>(probes) + 1;
  const Run made = run(function, task, 0, registry());
  BOOST_REQUIRE_EQUAL(made.trials.size(), probes + 1);
  for (std::size_t i = 0; i < probes; ++i)
    BOOST_TEST(made.trials[i].real.front() > *function.best_known);
  BOOST_CHECK_SMALL(made.trials.back().real.front() - *function.best_known, 1e-9);
}

BOOST_AUTO_TEST_CASE(points_that_come_again_are_evaluated_again_with_other_noise) {
  Function coin;
  coin.id = "coin";
  coin.space.parameters.resize(1);
  coin.space.parameters[0].name = "side";
  coin.space.parameters[0].choices = {Value(0), Value(1)};
  coin.objectives.push_back({0, {[](std::span<const double> x) { return x[0]; }}});
  coin.noise_sigma = 0.1;
  Task task{parse_component("random", "--sampler")};
  task.trials = 30;
  task.repeat = true;
  std::set<double> told;
  for (const Outcome& outcome : run(coin, task, 0, registry()).trials)
    told.insert(outcome.told.front());
  BOOST_CHECK_EQUAL(told.size(), 30U);
}
