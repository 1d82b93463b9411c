// Helpers without networks: what becomes of a trial whose process ends, and of the others.
#include "core/search/isolation/pool.hpp"
#include "core/search/isolation/forking/processes.hpp"
#include "tests/search/fakes.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/sanitizers.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fstream>

using namespace lathe_test;

namespace {

const std::atomic<bool> go_on = false;
const Report nobody = [](std::int64_t, double) { return false; };

using Work = std::function<Scalars(std::span<const double>, const Report&)>;

TrialPool::Work work_of(const Work& evaluate) {
  const auto make = [evaluate] {
    HelperWork work;
    work.evaluate = evaluate;
    work.unpromised_scalars = [] { return std::vector<std::string>{"accuracy"}; };
    work.environment = [] { return Value(); };
    return work;
  };
  return {nullptr, make};
}

// The trial whose point begins with 2 does that, the others are a formula.
Work but_two(const std::function<void()>& act) {
  return [act](std::span<const double> point, const Report&) {
    if (point[0] == 2) act();
    return formula(point);
  };
}

// What is said of a trial of that point; empty: it has values.
std::string said_of(TrialPool& pool, double first, const std::atomic<bool>& stop = go_on) {
  const std::vector<double> point{first, 0, 1, 2};
  try {
    const Scalars scalars = pool.evaluate(0, point, stop, nobody);
    BOOST_TEST((scalars.software == formula(point).software));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

[[noreturn]] void hang() {
  for (;;) pause();
}

bool runs(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z";
}

pid_t number_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  pid_t number = 0;
  in >> number;
  return number;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pool)

BOOST_AUTO_TEST_CASE(trials_have_the_outcomes_that_they_have_on_threads) {
  SearchOptions options = two_objectives();
  const std::string expected = log_of(options, search(options));
  for (const int jobs : {1, 2, 8}) {
    options.jobs = jobs;
    TrialPool pool(
        static_cast<std::size_t>(jobs),
        work_of([](std::span<const double> point, const Report&) { return formula(point); }),
        go_on);
    const Evaluate evaluate = [&](int worker, std::uint64_t, std::span<const double> point,
                                  const std::atomic<bool>& stop, const Report& report) {
      return pool.evaluate(worker, point, stop, report);
    };
    BOOST_TEST(log_of(options, search(options, nullptr, evaluate)) == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_helper_that_ends_costs_its_trial_and_the_reason_says_how) {
  struct Case {
    std::function<void()> act;
    const char* says;
  };
  const Case cases[] = {
      {[] { raise(SIGKILL); }, "the helper process was killed by SIGKILL while it ran this trial"},
      {[] {
         signal(SIGSEGV, SIG_DFL);
         raise(SIGSEGV);
       },
       "the helper process was killed by SIGSEGV while it ran this trial"},
      {[] { _exit(3); }, "the helper process ended with exit status 3 while it ran this trial"},
      {[] {
         for (int number = 0; number < 256; ++number) close(number);
       },
       "the helper process lost its connection to lathe"},
      {[] {
         std::fputs("first\na last word\n", stderr);
         raise(SIGKILL);
       },
       "while it ran this trial; its last line: a last word"},
      {[] {
         spdlog::error("logged");
         raise(SIGKILL);
       },
       "while it ran this trial; its last line: logged"},
  };
  for (const Case& c : cases) {
    TrialPool pool(1, work_of(but_two(c.act)), go_on);
    BOOST_TEST(said_of(pool, 1) == "");
    BOOST_TEST(contains(said_of(pool, 2), c.says), said_of(pool, 2));
    BOOST_TEST(said_of(pool, 0) == "");
  }
}

BOOST_AUTO_TEST_CASE(what_an_evaluation_throws_fails_the_trial_with_its_code) {
  TrialPool pool(1, work_of(but_two([] { throw run_error(LATHE_CANCELLED, "no more"); })), go_on);
  const double point[] = {2, 0, 1, 2};
  BOOST_CHECK_EXCEPTION(pool.evaluate(0, point, go_on, nobody), Error, [](const Error& error) {
    return error.code() == LATHE_CANCELLED && std::string(error.what()) == "no more";
  });
  BOOST_TEST(said_of(pool, 1) == "");
}

BOOST_AUTO_TEST_CASE(reports_reach_the_search_and_its_answers_the_trial) {
  const Work trains = [](std::span<const double> point, const Report& report) {
    Scalars scalars = formula(point);
    for (std::int64_t epoch = 0; epoch < 5 && !scalars.pruned; ++epoch)
      scalars.pruned = report(epoch, 0.1 * static_cast<double>(epoch));
    return scalars;
  };
  TrialPool pool(1, work_of(trains), go_on);
  std::vector<double> told;
  const double point[] = {1, 0, 1, 2};
  const Scalars scalars = pool.evaluate(0, point, go_on, [&](std::int64_t step, double value) {
    told.push_back(value);
    return step == 2;
  });
  BOOST_TEST(scalars.pruned);
  BOOST_TEST(told == (std::vector<double>{0, 0.1, 0.2}));
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_stopped_is_killed_with_what_it_started) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "daemon";
  const Work starts = but_two([file] {
    if (fork() == 0) {
      setsid();
      if (fork() != 0) _exit(0);
      std::ofstream(file) << getpid();
      hang();
    }
    hang();
  });
  TrialPool pool(1, work_of(starts), go_on);
  std::atomic<bool> stop = false;
  std::thread stopper([&] {
    while (number_in(file) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop = true;
  });
  BOOST_TEST(said_of(pool, 2, stop) == "the trial was given up");
  stopper.join();
  BOOST_TEST(!runs(number_in(file)));
  BOOST_TEST(said_of(pool, 1) == "");
}

BOOST_AUTO_TEST_CASE(helpers_that_cannot_start_end_the_search) {
  const auto killed = [] { raise(SIGKILL); };
  const auto refused = [] { throw usage_error("no such option", {"a.toml", 1, 2}); };
  const auto pool_that = [](const std::function<void()>& act) {
    return TrialPool::Work{nullptr, [act] {
                             act();
                             return HelperWork();
                           }};
  };
  BOOST_CHECK_EXCEPTION(TrialPool(2, pool_that(killed), go_on), Error, [](const Error& error) {
    return contains(error.what(), "a helper process was killed by SIGKILL before its first trial");
  });
  BOOST_CHECK_EXCEPTION(TrialPool(2, pool_that(refused), go_on), Error, [](const Error& error) {
    return contains(error.what(), "a.toml:1:2: no such option") && error.exit_code() == 2;
  });
}

BOOST_AUTO_TEST_CASE(helpers_that_cannot_start_again_are_given_up) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "broken";
  TrialPool::Work work = work_of(but_two([file] {
    std::ofstream(file) << 1;
    raise(SIGKILL);
  }));
  work.make = [make = work.make, file] {
    if (std::filesystem::exists(file)) raise(SIGKILL);
    return make();
  };
  TrialPool pool(1, work, go_on);
  BOOST_TEST(contains(said_of(pool, 2), "SIGKILL"));
  BOOST_CHECK_EXCEPTION(said_of(pool, 1), EndOfSearch, [](const EndOfSearch& end) {
    return contains(end.why.what(), "before its first trial");
  });
}

BOOST_AUTO_TEST_CASE(threads_before_the_first_helper_are_refused) {
  std::atomic<bool> over = false;
  std::thread other([&] {
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  BOOST_CHECK_EXCEPTION(
      TrialPool(1, work_of(but_two([] {})), go_on), Error,
      [](const Error& error) { return contains(error.what(), "2 threads run already"); });
  over = true;
  other.join();
}

BOOST_AUTO_TEST_CASE(a_zygote_that_is_killed_ends_the_search_and_leaves_nothing) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "helper";
  TrialPool pool(1, work_of(but_two([file] {
                   std::ofstream(file) << getpid();
                   kill(getppid(), SIGKILL);
                   hang();
                 })),
                 go_on);
  BOOST_CHECK_EXCEPTION(said_of(pool, 2), EndOfSearch, [](const EndOfSearch& end) {
    return contains(end.why.what(), "was killed by SIGKILL; the same command with --resume");
  });
  BOOST_TEST(!runs(number_in(file)));
}

BOOST_AUTO_TEST_SUITE_END()
