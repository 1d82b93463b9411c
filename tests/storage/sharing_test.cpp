// Studies in files that others use too: searches that wait for each other, Optuna's enqueued
// trials, processes that are killed; and what they leave behind.
#include "tests/storage/study_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace lathe_test;

// A process that does `act` and dies without cleaning up.
template <typename Act>
pid_t in_child(Act act) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    act();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(0);
}

// Files beside the study: a WAL and its index, or a journal.
std::vector<std::string> beside(const StudyFile& file) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(file.path().parent_path()))
    if (const std::string name = entry.path().filename().string(); name.starts_with("study.db-"))
      names.push_back(name);
  return names;
}

// The version of the file's format for writers: 1 with a journal, 2 with a WAL.
int write_version(const StudyFile& file) {
  std::ifstream in(file.path(), std::ios::binary);
  in.seekg(18);
  return in.get();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_study_that_another_process_is_writing_names_that_process) {
  const StudyFile file;
  file.open()->write({trial(0)});
  int ready[2];
  BOOST_REQUIRE_EQUAL(pipe(ready), 0);
  const std::string script = "import sqlite3, sys, time\nc = sqlite3.connect('" +
                             file.path().string() +
                             "', isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\n"
                             "print(1, flush=True)\ntime.sleep(60)\n";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ready[1], 1);
    execlp("python3", "python3", "-c", script.c_str(), static_cast<char*>(nullptr));
    _exit(1);
  }
  close(ready[1]);
  char byte = 0;
  const bool started = read(ready[0], &byte, 1) == 1;
  const StorageOptions impatient{std::chrono::milliseconds(100)};
  const auto begin = std::chrono::steady_clock::now();
  const std::string message =
      started ? refusal([&] { open_storage(file.url(), impatient)->open_study(description()); })
              : "";
  const auto waited = std::chrono::steady_clock::now() - begin;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  if (!started) skip("no python3 to hold a lock");
  check_contains(message, {"locked", "process ", std::to_string(child).c_str(), "python3"});
  BOOST_CHECK(waited >= impatient.lock_wait);
  BOOST_CHECK(waited < std::chrono::seconds(5));
}

BOOST_AUTO_TEST_CASE(trials_that_another_process_adds_meanwhile_end_the_search) {
  const StudyFile file;
  const auto mine = file.open();
  mine->write({trial(0)});
  file.open()->write({trial(1)});
  check_contains(refusal([&] { mine->write({trial(1)}); }), {"another process", "'bits'", "again"});
  BOOST_CHECK_EQUAL(file.read().size(), 2);
}

BOOST_AUTO_TEST_CASE(a_trial_that_another_process_ends_meanwhile_is_not_overwritten) {
  const StudyFile file;
  file.open()->write({trial(0, TrialState::running)});
  const auto mine = file.open();
  file.run("update trials set state = 'FAIL' where number = 0");
  check_contains(refusal([&] { mine->write({trial(0)}); }), {"another process", "'bits'", "again"});
  BOOST_CHECK(file.read()[0].state == TrialState::fail);
}

BOOST_AUTO_TEST_CASE(what_waits_in_the_study_meanwhile_is_told_once_and_taken_up) {
  const StudyFile file;
  const auto mine = file.open();
  mine->write({trial(0)});
  file.run(R"(
insert into trials (number, study_id, state) values (1, 1, 'WAITING'), (2, 1, 'WAITING');
insert into trial_system_attributes (trial_id, key, value_json) values
  (2, 'fixed_params', '{"a/config/width": 8}'),
  (3, 'fixed_params', '{"a/config/width": 9, "nothing": 1}');
)");
  mine->write({trial(1), trial(2)});
  std::vector<StoredTrial> wishes = mine->wishes();
  BOOST_REQUIRE_EQUAL(wishes.size(), 2);
  BOOST_CHECK(mine->wishes().empty());
  BOOST_CHECK_EQUAL(wishes[0].parameters[1], 2);
  BOOST_CHECK(std::isnan(wishes[0].parameters[0]));
  for (double x : wishes[1].parameters) BOOST_CHECK(std::isnan(x));
  // Whoever opens the study finds them behind the others.
  BOOST_CHECK(file.read()[3].state == TrialState::waiting);
  BOOST_CHECK(file.read()[4].state == TrialState::waiting);
  StoredTrial taken = trial(3);
  taken.wish = wishes[1].wish;
  mine->write({taken, trial(4)});
  const std::vector<StoredTrial> all = file.read();
  BOOST_REQUIRE_EQUAL(all.size(), 6);
  for (std::size_t i = 0; i < 5; ++i) BOOST_CHECK(all[i].state == TrialState::complete);
  BOOST_CHECK(all[5].state == TrialState::waiting);
  BOOST_CHECK_EQUAL(all[5].parameters[1], 2);
}

BOOST_AUTO_TEST_CASE(a_group_is_durable_when_write_returns) {
  const StudyFile file;
  for (int round = 0; round < 5; ++round) {
    const std::size_t before = file.read().size();
    int acknowledged[2];
    BOOST_REQUIRE_EQUAL(pipe(acknowledged), 0);
    const pid_t child = in_child([&] {
      const auto study = file.open();
      for (std::uint64_t i = before;; i += 3) {
        study->write({trial(i), trial(i + 1), trial(i + 2)});
        const char byte = 1;
        if (write(acknowledged[1], &byte, 1) != 1) _exit(1);
      }
    });
    close(acknowledged[1]);
    char byte = 0;
    std::size_t groups = 0;
    while (groups < 4 + static_cast<std::size_t>(round) * 3 && read(acknowledged[0], &byte, 1) == 1)
      ++groups;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(acknowledged[0], &byte, 1) == 1) ++groups;
    close(acknowledged[0]);
    const auto trials = file.read();
    BOOST_CHECK_GE(trials.size(), before + 3 * groups);
    BOOST_CHECK_EQUAL((trials.size() - before) % 3, 0);  // whole groups only
    for (const StoredTrial& read : trials) BOOST_CHECK(read.values == trial(read.number).values);
  }
}

BOOST_AUTO_TEST_CASE(searches_in_one_file_wait_for_each_other_and_lose_nothing) {
  const StudyFile file;
  constexpr int kSearches = 10;
  constexpr std::uint64_t kTrials = 40;
  std::vector<pid_t> children;
  for (int i = 0; i < kSearches; ++i)
    children.push_back(in_child([&] {
      const auto study = file.open(description("study " + std::to_string(i)));
      for (std::uint64_t t = 0; t < kTrials; t += 2) study->write({trial(t), trial(t + 1)});
    }));
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  for (int i = 0; i < kSearches; ++i)
    BOOST_CHECK_EQUAL(file.read(description("study " + std::to_string(i))).size(), kTrials);
  BOOST_CHECK(beside(file).empty());
}

BOOST_AUTO_TEST_CASE(a_closed_study_is_one_file_that_needs_no_other_beside_it) {
  const StudyFile file;
  {
    const auto study = file.open();
    study->write({trial(0), trial(1)});
    BOOST_CHECK_EQUAL(beside(file).size(), 2);  // the WAL and its index
  }
  BOOST_CHECK(beside(file).empty());
  BOOST_CHECK_EQUAL(write_version(file), 1);
}

BOOST_AUTO_TEST_CASE(two_open_studies_of_a_file_leave_one_file_when_the_last_is_closed) {
  const StudyFile file;
  auto one = file.open(description("one")), two = file.open(description("two"));
  one->write({trial(0)});
  one.reset();
  two->write({trial(0), trial(1)});
  two.reset();
  BOOST_CHECK(beside(file).empty());
  BOOST_CHECK_EQUAL(write_version(file), 1);
  BOOST_CHECK_EQUAL(file.read(description("two")).size(), 2);
}

BOOST_AUTO_TEST_CASE(what_a_killed_process_leaves_is_recovered_and_one_file_again) {
  const StudyFile file;
  const pid_t child = in_child([&] {
    const auto study = file.open();
    study->write({trial(0), trial(1, TrialState::running)});
    raise(SIGKILL);
  });
  waitpid(child, nullptr, 0);
  BOOST_CHECK(!beside(file).empty());
  const auto trials = file.read();
  BOOST_REQUIRE_EQUAL(trials.size(), 2);
  BOOST_CHECK(trials[0].values == trial(0).values);
  BOOST_CHECK(beside(file).empty());
}

BOOST_AUTO_TEST_CASE(a_trial_counts_the_processes_that_ended_while_it_ran) {
  const StudyFile file;
  file.open()->write({trial(0), trial(1, TrialState::running)});
  BOOST_CHECK_EQUAL(file.read()[1].killed, 0);  // looked at
  for (int i = 0; i < 2; ++i) file.open()->take_over();
  const auto again = file.read();
  BOOST_CHECK_EQUAL(again[0].killed, 0);
  BOOST_CHECK_EQUAL(again[1].killed, 2);
  // Given up, not killed: it waits with its point.
  file.open()->write({trial(1, TrialState::waiting)});
  for (int i = 0; i < 2; ++i) {
    file.open()->take_over();
    const auto waiting = file.read();
    BOOST_CHECK(waiting[1].state == TrialState::waiting);
    BOOST_CHECK(waiting[1].parameters == trial(1).parameters);
    BOOST_CHECK_EQUAL(waiting[1].killed, 2);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_taken_away_ends_the_search) {
  const StudyFile file;
  const auto study = file.open();
  study->write({trial(0)});
  std::filesystem::rename(file.path(), file.path().string() + ".moved");
  check_contains(refusal([&] { study->write({trial(1)}); }), {"study.db", "moved or removed"});
}
