// What a search makes of what it finds in a study: trials that failed, points that were evaluated,
// wishes that do not hold together.
#include "tests/search/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace lathe_test;

const Evaluate kFormula = [](int, std::uint64_t, std::span<const double> point,
                             const std::atomic<bool>&, const Report&) { return formula(point); };

SearchResult counted(const SearchOptions& options, Study* study, const Evaluate& evaluate) {
  const SearchSpace space = small_space(3);
  CountingSampler sampler(space);
  return run_trials(options, space, sampler, study, evaluate, {}, never());
}

MemoryStudy study_of(const SearchOptions& options) {
  return MemoryStudy(study_description(options, small_space(3), "lathe"));
}

SearchOptions ten_trials() {
  SearchOptions options = two_objectives();
  options.n_trials = 10;
  return options;
}

StoredTrial wanted(std::uint64_t number, std::vector<double> point) {
  StoredTrial trial;
  trial.number = number;
  trial.state = TrialState::waiting;
  trial.parameters = std::move(point);
  return trial;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resumed)

BOOST_AUTO_TEST_CASE(failed_trials_run_once_more_on_request_as_optuna_notes_it) {
  SearchOptions options = ten_trials();
  MemoryStudy study = study_of(options);
  const Evaluate fails = [](int, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>&, const Report&) {
    if (trial == 2 || trial == 6 || trial == 10) throw run_error(LATHE_INTERNAL, "does not fit");
    return formula(point);
  };
  counted(options, &study, fails);
  BOOST_CHECK_EQUAL(counted(options, &study, fails).trials.size(), 10);  // not by itself

  options.retry_failed = true;
  const SearchResult again = counted(options, &study, fails);  // trial 10 fails, 11 does not
  BOOST_REQUIRE_EQUAL(again.trials.size(), 12);
  BOOST_CHECK(again.trials[10].point == again.trials[2].point);
  BOOST_CHECK(again.trials[11].point == again.trials[6].point);
  BOOST_CHECK(again.trials[10].state == TrialState::fail);
  BOOST_CHECK(again.trials[11].state == TrialState::complete);
  BOOST_CHECK_EQUAL(study.stored[11].system_attributes.find("failed_trial")->as_int(), 6);
  BOOST_CHECK(*study.stored[11].system_attributes.find("retry_history") ==
              Value(Value::List{Value(6)}));

  // Each failure is run again once: the retry of trial 2, and not trial 2 itself.
  const SearchResult third = counted(options, &study, kFormula);
  BOOST_REQUIRE_EQUAL(third.trials.size(), 13);
  BOOST_CHECK(third.trials[12].point == third.trials[2].point);
  BOOST_CHECK_EQUAL(study.stored[12].system_attributes.find("failed_trial")->as_int(), 2);
  BOOST_CHECK(*study.stored[12].system_attributes.find("retry_history") ==
              Value(Value::List{Value(2), Value(10)}));
  BOOST_CHECK_EQUAL(counted(options, &study, kFormula).trials.size(), 13);
}

BOOST_AUTO_TEST_CASE(a_point_that_was_evaluated_is_not_evaluated_again) {
  SearchOptions options = ten_trials();
  options.n_trials = 12;
  MemoryStudy study = study_of(options);
  counted(options, &study, kFormula);
  study.stored.push_back(wanted(12, study.stored[4].parameters));
  options.n_trials = 13;
  const Evaluate refuse = [](int, std::uint64_t, std::span<const double>, const std::atomic<bool>&,
                             const Report&) -> Scalars { throw std::logic_error("evaluated"); };
  const SearchResult result = counted(options, &study, refuse);
  BOOST_CHECK_EQUAL(result.served, 1);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 13);
  BOOST_CHECK(result.trials[12].state == TrialState::complete);
  BOOST_CHECK(result.trials[12].values == result.trials[4].values);
  BOOST_CHECK(result.trials[12].software_metrics == result.trials[4].software_metrics);
  BOOST_CHECK(study.stored[12].values == study.stored[4].values);
}

BOOST_AUTO_TEST_CASE(a_point_that_failed_is_evaluated_again) {
  SearchOptions options = ten_trials();
  MemoryStudy study = study_of(options);
  const Evaluate fails = [](int, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>&, const Report&) {
    if (trial == 4) throw run_error(LATHE_INTERNAL, "does not fit");
    return formula(point);
  };
  counted(options, &study, fails);
  study.stored.push_back(wanted(10, study.stored[4].parameters));
  options.n_trials = 11;
  const SearchResult result = counted(options, &study, fails);
  BOOST_CHECK_EQUAL(result.served, 0);
  BOOST_CHECK(result.trials[10].state == TrialState::complete);
}

BOOST_AUTO_TEST_CASE(repeats_are_evaluated_once) {
  SearchOptions options = two_objectives();
  options.repeat = true;
  std::atomic<int> evaluated{0};
  const Evaluate count = [&](int, std::uint64_t, std::span<const double> point,
                             const std::atomic<bool>&, const Report&) {
    ++evaluated;
    return formula(point);
  };
  const SearchResult result = search(options, nullptr, count);
  std::set<std::vector<double>> points;
  for (const Trial& trial : result.trials) points.insert(trial.point);
  BOOST_CHECK_LT(points.size(), 60);
  BOOST_CHECK_EQUAL(static_cast<std::size_t>(evaluated), points.size());
  BOOST_CHECK_EQUAL(result.served, 60 - points.size());
}

BOOST_AUTO_TEST_CASE(the_time_budget_is_that_of_new_trials) {
  SearchOptions options = ten_trials();
  MemoryStudy study = study_of(options);
  counted(options, &study, kFormula);
  options.n_trials = 0;  // until the time is up
  options.timeout_seconds = 0.2;
  const Evaluate slow = [](int, std::uint64_t, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return formula(point);
  };
  const SearchResult result = counted(options, &study, slow);
  BOOST_CHECK(result.timed_out || result.exhausted);
  BOOST_CHECK_EQUAL(result.resumed, 10);
  BOOST_CHECK_GT(result.trials.size(), 10);
}

BOOST_AUTO_TEST_CASE(without_a_number_of_trials_a_search_ends_with_its_space) {
  SearchOptions options = two_objectives();
  options.n_trials = 0;
  const SearchResult result = search(options, nullptr, kFormula);
  BOOST_CHECK(result.exhausted);
  BOOST_CHECK_EQUAL(result.trials.size(), 81);
}

BOOST_AUTO_TEST_CASE(a_trial_that_killed_its_process_twice_is_set_aside) {
  SearchOptions options = ten_trials();
  options.jobs = 3;
  MemoryStudy study = study_of(options);
  const SearchResult whole = counted(options, &study, kFormula);
  for (std::size_t i = 4; i < 8; ++i) {
    study.stored[i].state = TrialState::running;
    study.stored[i].values.clear();
    study.stored[i].killed = i == 5 ? 2 : 1;
  }
  std::atomic<int> running{0}, wrong{0};
  const Evaluate alone = [&](int, std::uint64_t trial, std::span<const double> point,
                             const std::atomic<bool>&, const Report&) {
    if (trial == 5 || ++running > 1) ++wrong;  // trials that a process ended with run alone
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --running;
    return formula(point);
  };
  const SearchResult result = counted(options, &study, alone);
  BOOST_CHECK_EQUAL(wrong, 0);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 10);
  BOOST_CHECK(result.trials[5].state == TrialState::fail);
  BOOST_CHECK(result.trials[5].error.starts_with("set aside, because 2 processes"));
  BOOST_CHECK(study.stored[5].state == TrialState::fail);
  for (const std::size_t i : {4U, 6U, 7U}) {
    BOOST_CHECK(result.trials[i].values == whole.trials[i].values);
    BOOST_CHECK(study.stored[i].state == TrialState::complete);
  }
}

BOOST_AUTO_TEST_CASE(what_a_sampler_tells_about_its_points_is_kept) {
  struct Telling final : Sampler {
    bool suggest(std::uint64_t trial, std::uint64_t, std::span<double> point) override {
      for (std::size_t p = 0; p < point.size(); ++p) {
        point[p] = static_cast<double>(trial % 3);
        trial /= 3;
      }
      return true;
    }
    void started(std::uint64_t, std::span<const double>) override {}
    void finished(const TrialOutcome&) override {}
    bool reads_values() const override { return false; }
    bool explains() const override { return true; }
    Value explain(std::span<const double> point, const TrialOutcome& outcome) override {
      return Value(Value::Map{{"gap", point[0] + outcome.values[0]}});
    }
  } sampler;
  SearchOptions options = ten_trials();
  const SearchSpace space = small_space(3);
  MemoryStudy study(study_description(options, space, "lathe"));
  const Evaluate fails = [](int, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>&, const Report&) {
    if (trial == 2) throw run_error(LATHE_INTERNAL, "does not fit");
    return formula(point);
  };
  const SearchResult result = run_trials(options, space, sampler, &study, fails, {}, never());
  for (const Trial& trial : result.trials) {
    const Value* gap = trial.explained.find("gap");
    BOOST_REQUIRE_EQUAL(gap != nullptr, trial.number != 2);
    const Value* stored = study.stored[trial.number].user_attributes.find("explained");
    BOOST_REQUIRE_EQUAL(stored != nullptr, trial.number != 2);
    if (gap == nullptr) continue;
    BOOST_CHECK_EQUAL(gap->as_float(), trial.point[0] + trial.values[0]);
    BOOST_CHECK(*stored == trial.explained);
  }
  const auto log = nlohmann::json::parse(log_of_trials(space, result.trials, 2));
  BOOST_CHECK(log["1"]["user_attrs_explained"].contains("gap"));
  BOOST_CHECK(log["2"]["user_attrs_explained"].is_null());
  // Nothing is written again for what the study has.
  study.writes = 0;
  run_trials(options, space, sampler, &study, fails, {}, never());
  BOOST_CHECK_EQUAL(study.writes, 0);
}

BOOST_AUTO_TEST_SUITE_END()
