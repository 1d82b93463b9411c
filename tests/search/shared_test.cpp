// Several searches on one study on PostgreSQL are one search: the same trials and values, whoever
// comes, dies or waits. Processes are played by threads with connections of their own here; real
// ones: tests/acceptance/cluster_test.cpp.
#include "core/search/study/shared_study.hpp"
#include "tests/search/fakes.hpp"
#include "tests/support/postgres.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using std::chrono::milliseconds;

namespace {

std::unique_ptr<Study> open(const PostgresServer& server, const SearchOptions& options,
                            milliseconds lease = std::chrono::seconds(60)) {
  StorageOptions how;
  how.lease = lease;
  return open_storage(server.url(), how)->open_study(described(options));
}

// Runs so many searches at once.
std::vector<SearchResult> searches(const PostgresServer& server, const SearchOptions& options,
                                   int processes, const Evaluate& evaluate) {
  std::vector<SearchResult> results(static_cast<std::size_t>(processes));
  std::vector<std::jthread> threads;
  for (SearchResult& result : results)
    threads.emplace_back([&server, &options, &evaluate, &result] {
      const std::unique_ptr<Study> study = open(server, options);
      result = search(options, study.get(), evaluate);
    });
  return results;
}

// Evaluations of each point, by all.
class Counted {
 public:
  Evaluate evaluation(milliseconds takes = milliseconds(2)) {
    return [this, takes](int, std::uint64_t trial, std::span<const double> point,
                         const std::atomic<bool>&, const Report&) {
      std::this_thread::sleep_for(takes);
      const std::lock_guard lock(mutex_);
      ++times_[trial];
      return formula(point);
    };
  }
  std::size_t trials() const { return times_.size(); }
  bool once() const {
    return std::ranges::all_of(times_, [](const auto& entry) { return entry.second == 1; });
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, int> times_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_searches)

BOOST_AUTO_TEST_CASE(three_searches_on_one_study_give_the_trials_of_one_alone) {
  const PostgresServer server;
  SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  options.jobs = 2;
  Counted counted;
  const std::vector<SearchResult> results = searches(server, options, 3, counted.evaluation());
  for (const SearchResult& result : results) BOOST_TEST(log_of(options, result) == alone);
  BOOST_TEST(counted.trials() == 60U);
  BOOST_TEST(counted.once());
  // Of others: ended meanwhile, or before the search had opened the study.
  std::size_t of_others = 0;
  for (const SearchResult& result : results) of_others += result.elsewhere + result.resumed;
  BOOST_TEST(of_others == 120U);
  // Whoever comes when all is done finds all of it.
  const std::unique_ptr<Study> study = open(server, options);
  const SearchResult again = search(options, study.get());
  BOOST_TEST(again.resumed == 60U);
  BOOST_TEST(log_of(options, again) == alone);
}

BOOST_AUTO_TEST_CASE(what_a_search_left_running_is_taken_over_by_another_that_runs) {
  const PostgresServer server;
  const SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  {
    const std::unique_ptr<Study> study = open(server, options, milliseconds(300));
    StoredTrial first;
    first.parameters = search(options).trials.front().point;
    first.started = std::chrono::system_clock::now();
    study->shared()->exchange({{}, first});  // and is gone
  }
  const std::unique_ptr<Study> study = open(server, options);
  const SearchResult result = search(options, study.get());
  BOOST_TEST(log_of(options, result) == alone);
  BOOST_TEST(result.elsewhere == 0U);
}

BOOST_AUTO_TEST_CASE(a_trial_that_ended_two_processes_is_set_aside) {
  const PostgresServer server;
  const SearchOptions options = two_objectives();
  const std::unique_ptr<Study> study = open(server, options);
  StoredTrial first;
  first.parameters = search(options).trials.front().point;
  first.started = std::chrono::system_clock::now();
  open(server, options)->shared()->exchange({{}, first});
  server.psql(
      "UPDATE lathe_leases SET duration = '0', expires = '-infinity'; "
      "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (1, 'lathe:killed', "
      "'1')");
  const SearchResult result = search(options, study.get());
  BOOST_CHECK(result.trials.front().state == TrialState::fail);
  BOOST_TEST(result.trials.front().error.find("2 processes were killed") != std::string::npos);
  BOOST_TEST(result.trials.size() == 60U);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_killed_meanwhile_is_waited_for) {
  PostgresServer server;
  const SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  Counted counted;
  const Evaluate evaluate = counted.evaluation(milliseconds(20));
  std::vector<SearchResult> results;
  std::jthread breaks([&] {
    std::this_thread::sleep_for(milliseconds(400));
    server.kill();
    std::this_thread::sleep_for(milliseconds(500));
    server.start();
  });
  results = searches(server, options, 2, evaluate);
  breaks.join();
  for (const SearchResult& result : results) BOOST_TEST(log_of(options, result) == alone);
  BOOST_TEST(counted.once());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_for_a_while_costs_nothing) {
  PostgresServer server;
  const SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  std::jthread breaks([&] {
    std::this_thread::sleep_for(milliseconds(300));
    server.freeze(true);
    std::this_thread::sleep_for(milliseconds(1000));
    server.freeze(false);
  });
  Counted counted;
  const std::vector<SearchResult> results =
      searches(server, options, 2, counted.evaluation(milliseconds(20)));
  breaks.join();
  for (const SearchResult& result : results) BOOST_TEST(log_of(options, result) == alone);
  BOOST_TEST(counted.once());
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_the_wait_for_a_server_and_says_what_is_not_saved) {
  PostgresServer server;
  const SearchOptions options = two_objectives();
  const std::unique_ptr<Study> study = open(server, options);
  std::atomic<bool> cancelled{false};
  std::jthread breaks([&] {
    std::this_thread::sleep_for(milliseconds(300));
    server.kill();
    std::this_thread::sleep_for(milliseconds(700));
    cancelled = true;
  });
  Counted counted;
  const auto began = std::chrono::steady_clock::now();
  std::string said;
  try {
    search(options, study.get(), counted.evaluation(milliseconds(20)), {}, cancelled);
  } catch (const Error& error) {
    said = error.what();
  }
  BOOST_TEST(said.find("could not be reached any more") != std::string::npos);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(8)));
}

BOOST_AUTO_TEST_CASE(an_interrupt_gives_trials_back_and_another_search_goes_on_at_once) {
  const PostgresServer server;
  SearchOptions options = two_objectives();
  const std::string alone = log_of(options, search(options));
  options.jobs = 3;
  std::atomic<bool> cancelled{false};
  const Evaluate stoppable = [&](int, std::uint64_t trial, std::span<const double> point,
                                 const std::atomic<bool>& stop, const Report&) {
    if (trial >= 20) cancelled = true;
    for (int i = 0; i < 1000 && cancelled; ++i) {
      if (stop) throw run_error(LATHE_CANCELLED, "stopped");
      std::this_thread::sleep_for(milliseconds(5));
    }
    return formula(point);
  };
  {
    const std::unique_ptr<Study> study = open(server, options);
    BOOST_TEST(search(options, study.get(), stoppable, {}, cancelled).interrupted);
  }
  BOOST_TEST(server.psql("SELECT count(*) FROM lathe_leases") == "0\n");
  const std::unique_ptr<Study> study = open(server, options);
  BOOST_TEST(log_of(options, search(options, study.get())) == alone);
}

BOOST_AUTO_TEST_CASE(trials_that_another_program_adds_take_their_numbers_and_are_told) {
  const PostgresServer server;
  SearchOptions options = two_objectives();
  std::vector<SearchResult> results;
  std::atomic<int> evaluated{0};
  const Evaluate evaluate = [&](int, std::uint64_t, std::span<const double> point,
                                const std::atomic<bool>&, const Report&) {
    std::this_thread::sleep_for(milliseconds(5));
    // As Optuna does: one that is complete, one that stays running, one that waits.
    if (++evaluated == 10)
      server.psql(R"(BEGIN;
SELECT study_id FROM studies FOR UPDATE;
INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
  SELECT count(*), 1, 'COMPLETE', now(), now() FROM trials;
INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
  SELECT (SELECT max(trial_id) FROM trials), param_name, param_value, distribution_json
  FROM trial_params WHERE trial_id = 1;
INSERT INTO trial_values (trial_id, objective, value, value_type)
  SELECT max(trial_id), 0, 0.5, 'FINITE'::trialvaluetype FROM trials
  UNION ALL SELECT max(trial_id), 1, 0.25, 'FINITE'::trialvaluetype FROM trials;
INSERT INTO trials (number, study_id, state, datetime_start)
  SELECT count(*), 1, 'RUNNING', now() FROM trials;
INSERT INTO trials (number, study_id, state) SELECT count(*), 1, 'WAITING' FROM trials;
INSERT INTO trial_system_attributes (trial_id, key, value_json)
  SELECT max(trial_id), 'fixed_params', '{"layer_0/config/width": 8}' FROM trials;
COMMIT;)");
    return formula(point);
  };
  results = searches(server, options, 2, evaluate);
  for (const SearchResult& result : results) {
    BOOST_TEST(result.trials.size() == 59U);  // and the one that never ends
    BOOST_TEST(std::ranges::count_if(result.trials, [](const Trial& trial) {
                 return trial.values == std::vector<double>{0.5, 0.25};
               }) == 1);
  }
  BOOST_TEST(log_of(options, results[0]) == log_of(options, results[1]));
  BOOST_TEST(server.psql("SELECT state, count(*) FROM trials GROUP BY 1 ORDER BY 2 DESC") ==
             "COMPLETE|59\nRUNNING|1\n");
  BOOST_TEST(server.psql("SELECT param_value FROM trial_params p JOIN trial_system_attributes a "
                         "USING (trial_id) WHERE key = 'fixed_params' AND param_name = "
                         "'layer_0/config/width'") == "2\n");
}

BOOST_AUTO_TEST_SUITE_END()
