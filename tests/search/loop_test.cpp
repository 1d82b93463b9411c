// The trial loop: the order of everything, failures, and what a stopped search leaves behind.
#include "tests/search/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

namespace {

using namespace lathe_test;

}  // namespace

BOOST_AUTO_TEST_CASE(any_number_of_workers_gives_the_same_log) {
  SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  for (int jobs : {2, 8}) {
    options.jobs = jobs;
    BOOST_CHECK_EQUAL(log_of(options, search(options)), alone);
  }
}

BOOST_AUTO_TEST_CASE(another_seed_gives_another_log) {
  SearchOptions options = two_objectives();
  const std::string first = log_of(options, search(options));
  options.seed = 8;
  BOOST_CHECK_NE(log_of(options, search(options)), first);
}

BOOST_AUTO_TEST_CASE(a_suggestion_sees_only_values_older_than_the_lookahead) {
  // Told values of the newest trials differ, but nobody within the lookahead can know.
  SearchOptions options = two_objectives();
  options.n_trials = 30;
  const auto points = [&](std::uint64_t spoiled) {
    std::vector<std::vector<double>> result;
    const auto evaluate = [&](int, std::uint64_t trial, std::span<const double> point,
                              const std::atomic<bool>&, const Report&) {
      Scalars scalars = formula(point);
      if (trial == spoiled) scalars.software.set("accuracy", 100.0);
      return scalars;
    };
    for (const Trial& trial : search(options, nullptr, evaluate).trials)
      result.push_back(trial.point);
    return result;
  };
  const auto plain = points(1000), spoiled = points(20);
  for (std::size_t i = 0; i <= 24; ++i) BOOST_CHECK(plain[i] == spoiled[i]);
  BOOST_CHECK(plain != spoiled);
}

BOOST_AUTO_TEST_CASE(a_search_resumed_from_any_moment_equals_an_uninterrupted_one) {
  SearchOptions options = two_objectives();
  options.jobs = 3;
  MemoryStudy whole(described(options));
  const std::string expected = log_of(options, search(options, &whole));
  std::mt19937_64 random(1);
  for (int i = 0; i < 10; ++i) {
    // What a killed process leaves: the first trials, the last of them still running.
    MemoryStudy study(whole.description());
    study.stored = whole.stored;
    study.stored.resize(random() % whole.stored.size());
    for (std::size_t back = 1; back <= std::min<std::size_t>(random() % 4, study.stored.size());
         ++back) {
      StoredTrial& trial = study.stored[study.stored.size() - back];
      trial.state = TrialState::running;
      trial.values.clear();
      trial.user_attributes = Value(Value::Map{});
    }
    const SearchResult result = search(options, &study);
    BOOST_CHECK_EQUAL(log_of(options, result), expected);
    BOOST_CHECK_EQUAL(study.stored.size(), whole.stored.size());
    for (std::size_t t = 0; t < study.stored.size(); ++t) {
      BOOST_CHECK(study.stored[t].state == TrialState::complete);
      BOOST_CHECK(study.stored[t].values == whole.stored[t].values);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_finished_search_resumed_runs_nothing) {
  SearchOptions options = two_objectives();
  MemoryStudy study(described(options));
  const std::string first = log_of(options, search(options, &study));
  const auto refuse = [](int, std::uint64_t, std::span<const double>, const std::atomic<bool>&,
                         const Report&) -> Scalars { throw std::logic_error("a trial ran again"); };
  study.writes = 0;
  const SearchResult again = search(options, &study, refuse);
  BOOST_CHECK_EQUAL(log_of(options, again), first);
  BOOST_CHECK_EQUAL(again.resumed, 60);
  BOOST_CHECK_EQUAL(study.writes, 0);
}

BOOST_AUTO_TEST_CASE(a_failed_trial_is_recorded_with_its_reason_and_the_search_goes_on) {
  SearchOptions options = two_objectives();
  options.jobs = 4;
  MemoryStudy study(described(options));
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    if (trial % 5 == 3) throw run_error(LATHE_INTERNAL, "layer_2 does not fit");
    if (trial % 5 == 4) throw std::bad_alloc();
    return formula(point);
  };
  const SearchResult result = search(options, &study, evaluate);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 60);
  int failed = 0;
  for (const Trial& trial : result.trials) {
    if (trial.state != TrialState::fail) continue;
    ++failed;
    BOOST_CHECK_EQUAL(trial.error,
                      trial.number % 5 == 3 ? "layer_2 does not fit" : "std::bad_alloc");
    BOOST_CHECK(trial.values.empty());
    const Value* stored = study.stored[trial.number].user_attributes.find("error");
    BOOST_REQUIRE(stored != nullptr);
    BOOST_CHECK_EQUAL(stored->as_string(), trial.error);
  }
  BOOST_CHECK_EQUAL(failed, 24);
  for (std::size_t i : result.best) BOOST_CHECK(result.trials[i].state == TrialState::complete);
  const auto log = nlohmann::json::parse(log_of_search(options, result));
  BOOST_CHECK_EQUAL(log["3"]["state"], "FAIL");
  BOOST_CHECK_EQUAL(log["3"]["user_attrs_error"], "layer_2 does not fit");
  BOOST_CHECK(log["3"]["values_0"].is_null());
  BOOST_CHECK(log["0"]["user_attrs_error"].is_null());
}

BOOST_AUTO_TEST_CASE(a_metric_that_is_missing_or_not_a_number_fails_the_trial) {
  SearchOptions options = two_objectives();
  options.n_trials = 3;
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    Scalars scalars = formula(point);
    if (trial == 0) scalars.software.set("accuracy", std::nan(""));
    if (trial == 1) scalars.hardware.erase("average_bitwidth");
    if (trial == 2) scalars.software.set("accuracy", "high");
    return scalars;
  };
  const SearchResult result = search(options, nullptr, evaluate);
  BOOST_CHECK_EQUAL(result.trials[0].error, "the metric 'accuracy' is not a number (NaN)");
  BOOST_CHECK_EQUAL(result.trials[1].error, "no runner published the number 'average_bitwidth'");
  BOOST_CHECK_EQUAL(result.trials[2].error, "no runner published the number 'accuracy'");
  BOOST_CHECK(result.best.empty());
}

BOOST_AUTO_TEST_CASE(metrics_are_scaled_and_summed_when_asked) {
  SearchOptions options = two_objectives();
  options.n_trials = 2;
  options.sum_scaled_metrics = true;
  options.direction = LATHE_DIRECTION_MAXIMIZE;
  const SearchResult result = search(options);
  const Trial& trial = result.trials[1];
  const double accuracy = trial.software_metrics.find("accuracy")->as_float();
  const double bits = trial.hardware_metrics.find("average_bitwidth")->as_float();
  BOOST_REQUIRE_EQUAL(trial.values.size(), 1);
  BOOST_CHECK_CLOSE_FRACTION(trial.values[0], accuracy + 0.2 * bits, 1e-15);
  BOOST_CHECK_CLOSE_FRACTION(trial.scaled_metrics.find("average_bitwidth")->as_float(), 0.2 * bits,
                             1e-15);
  BOOST_CHECK_EQUAL(result.best.size(), 1);
}

BOOST_AUTO_TEST_CASE(a_sum_that_is_infinity_less_infinity_fails_the_trial) {
  SearchOptions options = two_objectives();
  options.n_trials = 3;
  options.metrics[0].scale = 1e308;
  options.metrics[1].scale = -1e308;
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double>,
                           const std::atomic<bool>&, const Report&) {
    Scalars scalars;
    scalars.software.set("accuracy", trial == 1 ? 0.5 : 9.0);
    scalars.hardware.set("average_bitwidth", 8.0);
    return scalars;
  };
  options.sum_scaled_metrics = true;
  options.direction = LATHE_DIRECTION_MAXIMIZE;
  const SearchResult result = search(options, nullptr, evaluate);
  BOOST_CHECK(result.trials[0].state == TrialState::fail);
  BOOST_CHECK(result.trials[0].error.find("the sum of the scaled metrics is not a number (NaN)") !=
              std::string::npos);
  // 0.5e308 less infinity is a number to compare; which metric is infinite is said.
  BOOST_CHECK(result.trials[1].state == TrialState::complete);
  BOOST_CHECK_EQUAL(result.trials[1].values[0], -std::numeric_limits<double>::infinity());
  BOOST_REQUIRE_EQUAL(result.trials[1].troubles.size(), 1U);
  BOOST_CHECK(result.trials[1].troubles[0].find("'average_bitwidth' is infinite") !=
              std::string::npos);
  BOOST_CHECK(result.best == std::vector<std::size_t>{1});
  // Two objectives apart: infinite ones are kept, as Optuna keeps them.
  options.sum_scaled_metrics = false;
  BOOST_CHECK(search(options, nullptr, evaluate).trials[0].state == TrialState::complete);
}

BOOST_AUTO_TEST_CASE(what_was_wrong_with_a_trial_is_stored_and_read_back) {
  SearchOptions options = two_objectives();
  options.n_trials = 4;
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    Scalars scalars = formula(point);
    if (trial == 2) scalars.troubles = {"the same for all rows"};
    return scalars;
  };
  MemoryStudy study(described(options));
  const SearchResult first = search(options, &study, evaluate);
  BOOST_CHECK(first.trials[1].troubles.empty());
  BOOST_CHECK(first.trials[2].troubles == std::vector<std::string>{"the same for all rows"});
  BOOST_CHECK(search(options, &study, evaluate).trials[2].troubles == first.trials[2].troubles);
}

BOOST_AUTO_TEST_CASE(an_exhausted_sampler_ends_the_search) {
  SearchOptions options = two_objectives();
  options.n_trials = 1000;
  for (int jobs : {1, 8}) {
    options.jobs = jobs;
    const SearchSpace space = small_space(3);
    CountingSampler sampler(space);
    const SearchResult result =
        run_trials(options, space, sampler, nullptr, evaluation_with_jitter(), {}, never());
    BOOST_CHECK(result.exhausted);
    BOOST_REQUIRE_EQUAL(result.trials.size(), 27);
    std::set<std::vector<double>> points;
    for (const Trial& trial : result.trials) points.insert(trial.point);
    BOOST_CHECK_EQUAL(points.size(), 27);
  }
}

BOOST_AUTO_TEST_CASE(trials_are_announced_in_number_order) {
  SearchOptions options = two_objectives();
  options.jobs = 8;
  std::vector<std::uint64_t> numbers;
  SearchEvents events;
  events.trial_ended = [&](const Trial& trial) { numbers.push_back(trial.number); };
  search(options, nullptr, evaluation_with_jitter(), events);
  BOOST_REQUIRE_EQUAL(numbers.size(), 60);
  for (std::size_t i = 0; i < numbers.size(); ++i) BOOST_CHECK_EQUAL(numbers[i], i);
}

BOOST_AUTO_TEST_CASE(an_interrupted_search_keeps_what_is_done_and_can_go_on) {
  SearchOptions options = two_objectives();
  const std::string expected = log_of(options, search(options));
  options.jobs = 3;
  MemoryStudy study(described(options));
  std::atomic<bool> cancelled{false};
  const auto evaluate = [&](int, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>& stop, const Report&) {
    if (trial < 20) return formula(point);
    cancelled = true;
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    throw run_error(LATHE_CANCELLED, "cancelled");
  };
  const SearchResult first = search(options, &study, evaluate, {}, cancelled);
  BOOST_CHECK(first.interrupted);
  BOOST_CHECK_EQUAL(first.trials.size(), 20);
  BOOST_CHECK_GE(study.stored.size(), 20);
  for (std::size_t i = 20; i < study.stored.size(); ++i)
    BOOST_CHECK(study.stored[i].state == TrialState::waiting);
  const SearchResult second = search(options, &study);
  BOOST_CHECK_EQUAL(log_of(options, second), expected);
  BOOST_CHECK_EQUAL(second.resumed, 20);
}

BOOST_AUTO_TEST_CASE(trials_wait_for_a_disk_that_is_slower_than_they_are) {
  SearchOptions options = two_objectives();
  options.n_trials = 20000;
  options.jobs = 3;
  const SearchSpace space = small_space(30);
  CountingSampler sampler(space);
  MemoryStudy study(described(options));
  study.each_write_takes = std::chrono::milliseconds(60);
  std::atomic<bool> cancelled{false};
  const auto evaluate = [&](int, std::uint64_t trial, std::span<const double> point,
                            const std::atomic<bool>&, const Report&) {
    if (trial == 12000) cancelled = true;
    return formula(point);
  };
  const SearchResult result = run_trials(options, space, sampler, &study, evaluate, {}, cancelled);
  BOOST_TEST(result.interrupted);
  // Nothing begins after the interrupt but what a worker had claimed.
  BOOST_TEST(result.trials.size() >= 12001U);
  BOOST_TEST(result.trials.size() <= 12004U);
  BOOST_TEST(study.stored.size() == result.trials.size());
  BOOST_TEST(study.most_at_once < 3000U);
}

BOOST_AUTO_TEST_CASE(a_trial_beyond_its_timeout_fails_and_the_window_moves_on) {
  SearchOptions options = two_objectives();
  options.n_trials = 12;
  options.jobs = 2;
  options.trial_timeout_seconds = 0.05;
  const auto evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                           const std::atomic<bool>& stop, const Report&) {
    while (trial == 2 && !stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (stop) throw run_error(LATHE_CANCELLED, "cancelled");
    return formula(point);
  };
  const SearchResult result = search(options, nullptr, evaluate);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 12);
  BOOST_CHECK(result.trials[2].state == TrialState::fail);
  BOOST_CHECK_EQUAL(result.trials[2].error, "the trial took longer than 0.05 seconds");
  BOOST_CHECK(result.trials[11].state == TrialState::complete);
}

BOOST_AUTO_TEST_CASE(no_trial_starts_after_the_time_budget) {
  SearchOptions options = two_objectives();
  options.n_trials = 1000000;
  options.timeout_seconds = 0.2;
  const auto evaluate = [](int, std::uint64_t, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return formula(point);
  };
  const SearchResult result = search(options, nullptr, evaluate);
  BOOST_CHECK(result.timed_out);
  BOOST_CHECK(!result.interrupted);
  BOOST_CHECK_GT(result.trials.size(), 0);
  BOOST_CHECK_LT(result.trials.size(), 60);
}

BOOST_AUTO_TEST_CASE(a_time_budget_that_is_spent_at_once_loses_nothing_of_the_study) {
  SearchOptions options = two_objectives();
  MemoryStudy study(described(options));
  const std::string whole = log_of(options, search(options, &study));
  options.n_trials = 1000;
  options.timeout_seconds = 1e-9;
  const SearchResult again = search(options, &study);
  BOOST_CHECK(again.timed_out);
  BOOST_CHECK_EQUAL(again.resumed, 60);
  BOOST_CHECK_EQUAL(log_of(options, again), whole);
}

BOOST_AUTO_TEST_CASE(a_search_stopped_before_an_earlier_gap_keeps_the_trials_behind_it) {
  SearchOptions options = two_objectives();
  MemoryStudy study(described(options));
  search(options, &study);
  study.stored[10].state = TrialState::running;
  study.stored[10].values.clear();
  const std::atomic<bool> cancelled{true};
  const auto never_ready = [](int, std::uint64_t, std::span<const double>,
                              const std::atomic<bool>& stop, const Report&) -> Scalars {
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    throw run_error(LATHE_CANCELLED, "cancelled");
  };
  const SearchResult stopped = search(options, &study, never_ready, {}, cancelled);
  BOOST_CHECK(stopped.interrupted);
  BOOST_REQUIRE_EQUAL(stopped.trials.size(), 59);
  BOOST_CHECK_EQUAL(stopped.resumed, 59);
  BOOST_CHECK_EQUAL(stopped.trials[9].number, 9);
  BOOST_CHECK_EQUAL(stopped.trials[10].number, 11);
  BOOST_CHECK_EQUAL(stopped.trials.back().number, 59);
}

BOOST_AUTO_TEST_CASE(what_a_person_wants_runs_though_the_sampler_has_no_more) {
  SearchOptions options = two_objectives();
  options.n_trials = 1000;
  const SearchSpace space = small_space(2);
  MemoryStudy study(study_description(options, space, "lathe"));
  CountingSampler sampler(space);
  run_trials(options, space, sampler, &study, evaluation_with_jitter(), {}, never());
  BOOST_REQUIRE_EQUAL(study.stored.size(), 9);
  for (const auto& fixed : {std::vector{2.0, 1.0}, std::vector{0.0, std::nan("")}}) {
    StoredTrial wanted;
    wanted.number = study.stored.size();
    wanted.state = TrialState::waiting;
    wanted.parameters = fixed;
    study.stored.push_back(wanted);
  }
  CountingSampler again(space);
  const SearchResult result =
      run_trials(options, space, again, &study, evaluation_with_jitter(), {}, never());
  BOOST_CHECK(result.exhausted);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 11);
  BOOST_CHECK((result.trials[9].point == std::vector{2.0, 1.0}));
  BOOST_CHECK_EQUAL(result.trials[10].point[0], 0);
  BOOST_CHECK(!std::isnan(result.trials[10].point[1]));
}

BOOST_AUTO_TEST_CASE(what_is_enqueued_meanwhile_has_the_next_free_turn) {
  SearchOptions options = two_objectives();
  MemoryStudy study(described(options));
  StoredTrial wanted;
  wanted.state = TrialState::waiting;
  wanted.parameters = {2, 0, 2, std::nan("")};
  wanted.wish = 4711;
  study.added.push_back(wanted);
  const auto slow = [](int, std::uint64_t, std::span<const double> point, const std::atomic<bool>&,
                       const Report&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return formula(point);
  };
  const SearchResult result = search(options, &study, slow);
  BOOST_REQUIRE_EQUAL(result.trials.size(), 60);
  int taken_up = 0;
  for (const StoredTrial& trial : study.stored) {
    if (!trial.wish) continue;
    ++taken_up;
    BOOST_CHECK_EQUAL(*trial.wish, 4711);
    BOOST_CHECK(trial.state == TrialState::complete);
    BOOST_CHECK_EQUAL(trial.parameters[0], 2);
    BOOST_CHECK_EQUAL(trial.parameters[1], 0);
    BOOST_CHECK_EQUAL(trial.parameters[2], 2);
    BOOST_CHECK(!std::isnan(trial.parameters[3]));
  }
  BOOST_CHECK_EQUAL(taken_up, 1);
}

BOOST_AUTO_TEST_CASE(a_study_that_cannot_be_written_ends_the_search_with_its_error) {
  SearchOptions options = two_objectives();
  options.n_trials = 1000000;
  MemoryStudy study(described(options));
  study.fails = true;
  BOOST_CHECK_EXCEPTION(search(options, &study), Error,
                        [](const Error& e) { return e.message() == "the disk is full"; });
  BOOST_CHECK_EQUAL(study.writes, 1);
}

BOOST_AUTO_TEST_CASE(a_sampler_that_fails_ends_the_search_with_its_error) {
  struct Broken final : Sampler {
    bool suggest(std::uint64_t trial, std::uint64_t, std::span<double> point) override {
      if (trial == 5) throw run_error(LATHE_INTERNAL, "the sampler broke");
      for (double& x : point) x = 0;
      return true;
    }
    void started(std::uint64_t, std::span<const double>) override {}
    void finished(const TrialOutcome&) override {}
    bool reads_values() const override { return true; }
  } sampler;
  SearchOptions options = two_objectives();
  options.jobs = 4;
  MemoryStudy study(described(options));
  BOOST_CHECK_EXCEPTION(
      run_trials(options, small_space(), sampler, &study, evaluation_with_jitter(), {}, never()),
      Error, [](const Error& e) { return e.message() == "the sampler broke"; });
  BOOST_CHECK_EQUAL(study.stored.size(), 5);
}

BOOST_AUTO_TEST_CASE(writes_are_grouped) {
  SearchOptions options = two_objectives();
  options.n_trials = 2000;
  options.repeat = true;
  MemoryStudy study(described(options));
  const auto evaluate = [](int, std::uint64_t, std::span<const double> point,
                           const std::atomic<bool>&, const Report&) { return formula(point); };
  search(options, &study, evaluate);
  BOOST_CHECK_EQUAL(study.stored.size(), 2000);
  BOOST_CHECK_LT(study.writes, 1000);
}
