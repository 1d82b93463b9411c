// kill -9 at random moments of a search that stores its study on SQLite, resumed until it is done:
// the log is that of the uninterrupted search. Needs the storage library beside the core.
#include "core/search/study/held_study.hpp"
#include "tests/search/fakes.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace lathe_test;

SearchResult stored_search(const std::string& url, const SearchOptions& options,
                           const SearchEvents& events = {}) {
  const auto storage = open_storage(url);
  const auto study = storage->open_study(described(options));
  return search(options, study.get(), evaluation_with_jitter(), events);
}

// Finished trials of the study; none while there is no study.
std::size_t finished_trials(const std::string& url, const std::string& name) {
  std::size_t count = 0;
  try {
    open_storage(url)->hold_study(name, Hold::to_read, [&](HeldStudy& study) {
      for (const HeldTrial& trial : study.trials()) count += ended(trial.state) ? 1 : 0;
    });
  } catch (const Error&) {
    return 0;
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_search_killed_ten_times_ends_as_if_nothing_had_happened) {
  const TemporaryFolder folder;
  SearchOptions options = two_objectives();
  options.n_trials = 3000;
  options.repeat = true;
  const std::string expected = log_of(options, search(options));

  options.jobs = 3;
  const std::string url = "sqlite:///" + (folder.path() / "study.db").string();
  std::mt19937_64 random(9);
  std::size_t before = 0, advanced = 0;
  for (int kills = 0; kills < 10; ++kills) {
    int ended[2];
    BOOST_REQUIRE_EQUAL(pipe(ended), 0);
    const pid_t child = fork();
    if (child == 0) {
      SearchEvents events;
      events.trial_ended = [&](const Trial&) {
        const char byte = 1;
        if (write(ended[1], &byte, 1) != 1) _exit(1);
      };
      stored_search(url, options, events);
      _exit(0);
    }
    close(ended[1]);
    // A moment after some trials more than the study had.
    char byte = 0;
    for (std::size_t more = before + random() % 250; more > 0; --more)
      if (read(ended[0], &byte, 1) != 1) break;
    // A trial that runs while two processes are killed is set aside: those of the last have ended.
    while (finished_trials(url, described(options).name) < before + 10 &&
           waitpid(child, nullptr, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ended[0]);
    const std::size_t trials = finished_trials(url, described(options).name);
    BOOST_CHECK_GE(trials, before + 10);
    advanced += trials > before;
    before = trials;
  }
  BOOST_TEST_MESSAGE("10 kills, " << advanced << " of them after progress, the last at trial "
                                  << before << " of 3000");
  const SearchResult result = stored_search(url, options);
  BOOST_CHECK_EQUAL(result.trials.size(), 3000);
  BOOST_CHECK_EQUAL(log_of(options, result), expected);
}

BOOST_AUTO_TEST_CASE(a_search_writes_its_study_so_that_a_second_run_has_nothing_to_do) {
  const TemporaryFolder folder;
  SearchOptions options = two_objectives();
  const std::string url = "sqlite:///" + (folder.path() / "study.db").string();
  const std::string first = log_of(options, stored_search(url, options));
  options.jobs = 8;
  const SearchResult again = stored_search(url, options);
  BOOST_CHECK_EQUAL(again.resumed, 60);
  BOOST_CHECK_EQUAL(log_of(options, again), first);
  options.n_trials = 80;
  BOOST_CHECK_EQUAL(stored_search(url, options).trials.size(), 80);
}
