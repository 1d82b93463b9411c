// Who has a trial of a study on PostgreSQL: one process at a time, and nobody after its lease.
#include "tests/storage/postgres/server_study.hpp"

#include <chrono>
#include <thread>

using namespace lathe_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string states(const ExchangeAnswer& answer) {
  std::string text;
  for (const SharedTrial& news : answer.news) {
    const char* const whose[] = {"ours", "others", "nobodys", "guests"};
    text += fmt::format("{}:{}:{} ", news.trial.number, state_word(news.trial.state),
                        ended(news.trial.state) ? "-" : whose[static_cast<int>(news.whose)]);
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(leases_on_postgres)

BOOST_AUTO_TEST_CASE(one_worker_gets_a_trial_and_all_learn_its_outcome) {
  const PostgresServer server;
  const SharedView a = shared_view(server, seconds(60)), b = shared_view(server, seconds(60));
  BOOST_TEST(states(claim(a, trial(0, TrialState::running))) == "0:RUNNING:ours ");
  BOOST_TEST(states(claim(b, trial(0, TrialState::running))) == "0:RUNNING:others ");
  BOOST_TEST(states(claim(b, trial(1, TrialState::running))) == "1:RUNNING:ours ");
  const ExchangeAnswer settled = settle(a, trial(0));
  BOOST_TEST(settled.lost.empty());
  BOOST_TEST(states(settled) == "1:RUNNING:others ");
  const ExchangeAnswer seen = b.shared().exchange({});
  BOOST_TEST(states(seen) == "0:COMPLETE:- ");
  BOOST_TEST(seen.news.front().trial.values == trial(0).values);
  BOOST_TEST(seen.news.front().trial.parameters == trial(0).parameters);
  BOOST_CHECK(seen.news.front().trial.completed == trial(0).completed);
  BOOST_TEST(states(b.shared().exchange({})) == "");
  BOOST_TEST(states(a.shared().exchange({})) == "");
  BOOST_TEST(server.psql("SELECT count(*) FROM lathe_leases") == "1\n");
}

BOOST_AUTO_TEST_CASE(a_lease_that_ran_out_is_taken_over_once_and_its_first_owner_is_fenced_off) {
  const PostgresServer server;
  const SharedView a = shared_view(server, seconds(60)), b = shared_view(server, seconds(60)),
                   c = shared_view(server, seconds(60));
  claim(a, trial(0, TrialState::running));
  b.shared().exchange({});
  c.shared().exchange({});
  // As if it had not been renewed for a minute, and the server had been there for long.
  server.psql("UPDATE lathe_leases SET duration = '0', expires = now() - interval '1 second'");
  BOOST_TEST(states(b.shared().exchange({})) == "0:RUNNING:nobodys ");
  const ExchangeAnswer taken = claim(b, trial(0, TrialState::running));
  BOOST_TEST(states(taken) == "0:RUNNING:ours ");
  BOOST_TEST(taken.news.front().trial.killed == 1);
  BOOST_TEST(states(claim(c, trial(0, TrialState::running))) == "");
  StoredTrial late = trial(0);
  late.values = {7, 7};
  late.completed += seconds(1);
  BOOST_TEST(settle(a, late).lost == std::vector<std::uint64_t>{0});
  BOOST_TEST(settle(b, trial(0)).lost.empty());
  BOOST_TEST(settle(a, late).lost == std::vector<std::uint64_t>{0});
  BOOST_CHECK(c.shared().exchange({}).news.front().trial.values == trial(0).values);
}

BOOST_AUTO_TEST_CASE(a_lease_is_renewed_as_long_as_its_worker_lives) {
  const PostgresServer server;
  auto a = std::make_unique<SharedView>(shared_view(server, milliseconds(600)));
  const SharedView b = shared_view(server, milliseconds(600));
  claim(*a, trial(0, TrialState::running));
  BOOST_TEST(states(b.shared().exchange({})) == "0:RUNNING:others ");
  std::this_thread::sleep_for(milliseconds(1500));
  BOOST_TEST(states(b.shared().exchange({})) == "");
  a.reset();
  std::this_thread::sleep_for(milliseconds(1000));
  BOOST_TEST(states(b.shared().exchange({})) == "0:RUNNING:nobodys ");
}

BOOST_AUTO_TEST_CASE(while_the_server_was_away_no_lease_runs_out) {
  PostgresServer server;
  const SharedView a = shared_view(server, seconds(5)), b = shared_view(server, seconds(5));
  claim(a, trial(0, TrialState::running));
  b.shared().exchange({});
  server.psql("UPDATE lathe_leases SET expires = now() - interval '1 minute'");
  server.kill();
  const auto away = [](const Error& error) { return error.code() == LATHE_UNAVAILABLE; };
  BOOST_CHECK_EXCEPTION(b.shared().exchange({}), Error, away);
  server.start();
  BOOST_CHECK_EXCEPTION(settle(a, trial(0)), Error, away);  // its connection is of before
  BOOST_TEST(states(b.shared().exchange({})) == "");
  BOOST_TEST(settle(a, trial(0)).lost.empty());
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_given_back_waits_with_its_point_for_anybody) {
  const PostgresServer server;
  const SharedView a = shared_view(server, seconds(60)), b = shared_view(server, seconds(60));
  claim(a, trial(0, TrialState::running));
  StoredTrial back = trial(0, TrialState::running);
  back.state = TrialState::waiting;
  BOOST_TEST(settle(a, back).lost.empty());
  const ExchangeAnswer seen = b.shared().exchange({});
  BOOST_TEST(states(seen) == "0:WAITING:nobodys ");
  BOOST_TEST(seen.news.front().trial.parameters == trial(0).parameters);
  BOOST_TEST(states(claim(b, trial(0, TrialState::running))) == "0:RUNNING:ours ");
  BOOST_TEST(states(claim(a, trial(0, TrialState::running))) == "0:RUNNING:others ");
  BOOST_TEST(settle(b, trial(0)).lost.empty());
}

BOOST_AUTO_TEST_CASE(a_trial_of_another_program_is_a_guest_until_it_ends) {
  const PostgresServer server;
  const SharedView a = shared_view(server, seconds(60));
  server.psql("INSERT INTO trials (number, study_id, state) VALUES (0, 1, 'RUNNING')");
  BOOST_TEST(states(claim(a, trial(0, TrialState::running))) == "0:RUNNING:guests ");
  BOOST_TEST(states(claim(a, trial(1, TrialState::running))) == "1:RUNNING:ours ");
  server.psql("UPDATE trials SET state = 'FAIL' WHERE number = 0");
  BOOST_TEST(states(a.shared().exchange({})) == "0:FAIL:- ");
}

BOOST_AUTO_TEST_CASE(eight_workers_that_want_every_number_get_each_once) {
  const PostgresServer server;
  std::vector<SharedView> views;
  for (int i = 0; i < 8; ++i) views.push_back(shared_view(server, seconds(60)));
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> workers;
    for (const SharedView& view : views)
      workers.emplace_back([&] {
        for (std::uint64_t number = 0; number < 40; ++number) {
          for (const SharedTrial& news : claim(view, trial(number, TrialState::running)).news)
            if (news.whose == Whose::ours && !ended(news.trial.state)) {
              ++granted;
              settle(view, trial(news.trial.number));
            }
        }
      });
  }
  BOOST_TEST(server.psql("SELECT count(*), count(DISTINCT number), max(number) FROM trials WHERE "
                         "state = 'COMPLETE'") ==
             fmt::format("{0}|{0}|{1}\n", granted.load(), granted.load() - 1));
}

BOOST_AUTO_TEST_SUITE_END()
