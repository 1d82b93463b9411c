// Constraints in a search: who is told of them, what is stored, and which trials can be the best.
#include "core/search/loop/pareto.hpp"
#include "tests/search/fakes.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

// Counts, and remembers what it is told.
class Listening final : public Sampler {
 public:
  explicit Listening(const SearchSpace& space) : counting_(space) {}
  bool suggest(std::uint64_t trial, std::uint64_t attempt, std::span<double> point) override {
    return counting_.suggest(trial, attempt, point);
  }
  void started(std::uint64_t, std::span<const double>) override {}
  void finished(const TrialOutcome& outcome) override {
    told.emplace_back(outcome.constraints.begin(), outcome.constraints.end());
  }
  bool reads_values() const override { return true; }

  std::vector<std::vector<double>> told;

 private:
  CountingSampler counting_;
};

SearchOptions constrained(double most_bits) {
  SearchOptions options = two_objectives();
  options.n_trials = 27;
  options.constraints = {{"average_bitwidth", Relation::at_most, most_bits, {}},
                         {"loss", Relation::at_least, 0, {}}};
  return options;
}

SearchResult search(const SearchOptions& options, Sampler& sampler, Study* study = nullptr) {
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    if (trial == 5) throw run_error(LATHE_INTERNAL, "does not fit");
    return formula(point);
  };
  return run_trials(options, small_space(3), sampler, study, evaluate, {}, never());
}

double bits_of(const Trial& trial) {
  return trial.hardware_metrics.find("average_bitwidth")->as_float();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(constraints)

BOOST_AUTO_TEST_CASE(the_best_trials_are_those_of_the_trials_that_meet_all_constraints) {
  const SearchSpace space = small_space(3);
  CountingSampler sampler(space);
  const SearchResult result = search(constrained(4.5), sampler);
  BOOST_CHECK(!result.infeasible);
  // Who dominates whom, in as many words.
  std::vector<std::size_t> expected;
  const auto counts = [](const Trial& trial) {
    return trial.state == TrialState::complete && bits_of(trial) <= 4.5 &&
           trial.software_metrics.find("loss")->as_float() >= 0;
  };
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    if (!counts(result.trials[i])) continue;
    const auto& values = result.trials[i].values;
    const bool dominated = std::ranges::any_of(result.trials, [&](const Trial& other) {
      return counts(other) && other.values != values && other.values[0] >= values[0] &&
             other.values[1] <= values[1];
    });
    if (!dominated) expected.push_back(i);
  }
  BOOST_CHECK_GT(expected.size(), 0);
  BOOST_CHECK(result.best == expected);
}

BOOST_AUTO_TEST_CASE(where_no_trial_meets_them_the_best_is_the_one_that_violates_them_least) {
  const SearchSpace space = small_space(3);
  CountingSampler sampler(space);
  const SearchResult result = search(constrained(1), sampler);
  BOOST_CHECK(result.infeasible);
  BOOST_REQUIRE_EQUAL(result.best.size(), 1);
  for (const Trial& trial : result.trials)
    if (trial.state == TrialState::complete)
      BOOST_CHECK_GE(trial.violation(), result.trials[result.best[0]].violation());
}

BOOST_AUTO_TEST_CASE(samplers_are_told_how_far_each_is_violated) {
  const SearchSpace space = small_space(3);
  Listening sampler(space);
  SearchOptions options = constrained(4.5);
  options.lookahead = 0;
  const SearchResult result = search(options, sampler);
  BOOST_REQUIRE_EQUAL(sampler.told.size(), 26);
  for (std::size_t i = 0; i < sampler.told.size(); ++i) {
    const Trial& trial = result.trials[i];
    if (trial.state == TrialState::fail) {
      BOOST_CHECK(sampler.told[i].empty());
      continue;
    }
    BOOST_REQUIRE_EQUAL(sampler.told[i].size(), 2);
    BOOST_CHECK_EQUAL(sampler.told[i][0], bits_of(trial) - 4.5);
    BOOST_CHECK_EQUAL(sampler.told[i][1], -trial.software_metrics.find("loss")->as_float());
  }
}

BOOST_AUTO_TEST_CASE(they_are_stored_where_optuna_looks_for_them_and_read_back) {
  const SearchSpace space = small_space(3);
  const SearchOptions options = constrained(4.5);
  MemoryStudy study(study_description(options, space, "lathe"));
  CountingSampler sampler(space);
  const SearchResult first = search(options, sampler, &study);
  for (const StoredTrial& trial : study.stored) {
    const Value* stored = trial.system_attributes.find("constraints");
    BOOST_CHECK_EQUAL(stored != nullptr, trial.state == TrialState::complete);
    if (stored == nullptr) continue;
    BOOST_CHECK_EQUAL(
        stored->as_list()[0].as_float(),
        trial.user_attributes.find("hardware_metrics")->find("average_bitwidth")->as_float() - 4.5);
  }
  // One that Optuna completed, which does not know them, meets none.
  study.stored[0].system_attributes = Value(Value::Map{});
  CountingSampler again(space);
  const SearchResult second = search(options, again, &study);
  BOOST_CHECK_EQUAL(first.trials[0].violation(), 0);
  BOOST_CHECK_GT(second.trials[0].violation(), 0);
  for (std::size_t i = 1; i < 27; ++i)
    BOOST_CHECK(second.trials[i].constraints == first.trials[i].constraints);
}

BOOST_AUTO_TEST_CASE(a_constrained_number_that_nobody_published_or_that_is_none_fails_the_trial) {
  SearchOptions options = constrained(4.5);
  options.n_trials = 2;
  const SearchSpace space = small_space(3);
  CountingSampler sampler(space);
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    Scalars scalars = formula(point);
    if (trial == 0) scalars.software.erase("loss");
    if (trial == 1) scalars.software.set("loss", std::nan(""));
    return scalars;
  };
  const SearchResult result = run_trials(options, space, sampler, nullptr, evaluate, {}, never());
  BOOST_CHECK_EQUAL(result.trials[0].error, "no runner published the number 'loss'");
  BOOST_CHECK_EQUAL(result.trials[1].error, "the constrained number 'loss' is not a number (NaN)");
  BOOST_CHECK(result.trials[1].constraints.empty());
}

BOOST_AUTO_TEST_SUITE_END()
