// Studies on SQLite: what is written is read, what does not fit is refused, what is damaged is
// named.
#include "tests/storage/study_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace lathe_test;

void check_contains(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    BOOST_CHECK_MESSAGE(text.find(part) != text.npos, "'" << part << "' in: " << text);
}

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

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_read_after_reopening) {
  const StudyFile file;
  std::vector<StoredTrial> trials = {trial(0), trial(1, TrialState::fail), trial(2)};
  trials[2].values = {std::numeric_limits<double>::infinity(),
                      -std::numeric_limits<double>::infinity()};
  trials[0].user_attributes.set(
      "nested", Value(Value::Map{{"list", Value::List{Value(1), Value(0.1), Value("x\"\n\xc3\xa9"),
                                                      Value(), Value(false)}}}));
  {
    const auto study = file.open();
    BOOST_CHECK(study->trials().empty());
    study->write(trials);
    study->write({trial(3, TrialState::running)});
  }
  const auto read = file.open()->trials();
  BOOST_REQUIRE_EQUAL(read.size(), 4);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_CHECK_EQUAL(read[i].number, i);
    BOOST_CHECK(read[i].state == trials[i].state);
    BOOST_CHECK(read[i].parameters == trials[i].parameters);
    BOOST_CHECK(read[i].values == trials[i].values);
    for (const auto& [key, value] : trials[i].user_attributes.as_map()) {
      const Value* found = read[i].user_attributes.find(key);
      BOOST_CHECK_MESSAGE(found != nullptr && *found == value, "trial " << i << " " << key);
    }
    BOOST_CHECK(read[i].started == trials[i].started);
    BOOST_CHECK(read[i].completed == trials[i].completed);
  }
  BOOST_CHECK(read[3].state == TrialState::running);
  BOOST_CHECK(read[3].parameters == trial(3).parameters);
}

BOOST_AUTO_TEST_CASE(a_running_trial_is_updated_in_place) {
  const StudyFile file;
  file.open()->write({trial(0, TrialState::running), trial(1)});
  file.open()->write({trial(0)});
  const auto read = file.open()->trials();
  BOOST_REQUIRE_EQUAL(read.size(), 2);
  BOOST_CHECK(read[0].state == TrialState::complete);
  BOOST_CHECK(read[0].values == trial(0).values);
  BOOST_CHECK(read[0].completed == trial(0).completed);
}

BOOST_AUTO_TEST_CASE(studies_share_a_file_without_mixing) {
  const StudyFile file;
  file.open(description("one"))->write({trial(0), trial(1)});
  const auto two = file.open(description("two"));
  two->write({trial(0)});
  file.open(description("one"))->write({trial(2)});
  two->write({trial(1)});
  BOOST_CHECK_EQUAL(file.open(description("one"))->trials().size(), 3);
  BOOST_CHECK_EQUAL(file.open(description("two"))->trials().size(), 2);
}

BOOST_AUTO_TEST_CASE(a_study_of_another_search_is_refused_with_the_difference) {
  const StudyFile file;
  file.open()->write({trial(0)});
  const auto refused = [&](auto change) {
    StudyDescription other = description();
    change(other);
    return refusal([&] { file.open(other); });
  };
  const std::string directions =
      refused([](StudyDescription& d) { d.directions = {LATHE_DIRECTION_MAXIMIZE}; });
  check_contains(directions, {"'bits'", "study.db", "2 objectives (maximize, minimize)",
                              "this search has 1 (maximize)"});
  const std::string seed = refused([](StudyDescription& d) { d.user_attributes.set("seed", 8); });
  check_contains(seed, {"was begun with seed 7, but this search has 8", "--study"});
  const std::string choices =
      refused([](StudyDescription& d) { d.parameters[1].choices.emplace_back(16); });
  check_contains(choices,
                 {"was begun without the choice 16 of 'a/config/width', which this search has;"});
  const std::string names = refused([](StudyDescription& d) { d.parameters[1].name = "c"; });
  check_contains(names, {"with the parameter 'a/config/width', which this search does not have",
                         "without the parameter 'c', which this search has"});
  BOOST_CHECK_EQUAL(refusal([&] { file.open(); }), "");
}

BOOST_AUTO_TEST_CASE(urls_that_no_storage_serves_are_usage_errors) {
  for (const char* url : {"study.db", "postgresql://localhost/x", "sqlite://", "sqlite:///", ""}) {
    BOOST_CHECK_EXCEPTION(open_storage(url), Error, [&](const Error& error) {
      check_contains(error.what(), {"sqlite:///"});
      return error.exit_code() == 2;
    });
  }
}

BOOST_AUTO_TEST_CASE(a_relative_url_is_relative_to_the_working_directory) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  open_storage("sqlite:///here.db")->open_study(description());
  std::filesystem::current_path(before);
  BOOST_CHECK(std::filesystem::exists(folder.path() / "here.db"));
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_named) {
  check_contains(refusal([] { open_storage("sqlite:////no/such/folder/study.db"); }),
                 {"no folder '/no/such/folder'", "study.db"});
  check_contains(refusal([] { open_storage("sqlite:////proc/study.db"); }),
                 {"cannot write the study '/proc/study.db'", "writable"});
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_named_and_left_alone) {
  const StudyFile file;
  const std::string text = "This is a letter, not a database. " + std::string(4000, 'x');
  std::ofstream(file.path()) << text;
  check_contains(refusal([&] { open_storage(file.url()); }),
                 {"study.db", "damaged or no SQLite database", "--storage"});
  std::ifstream in(file.path());
  BOOST_CHECK_EQUAL(std::string(std::istreambuf_iterator<char>(in), {}), text);
}

BOOST_AUTO_TEST_CASE(a_damaged_study_is_an_error_not_a_crash) {
  const StudyFile file;
  std::vector<StoredTrial> trials;
  for (std::uint64_t i = 0; i < 200; ++i) trials.push_back(trial(i));
  file.open()->write(trials);
  const auto size = std::filesystem::file_size(file.path());
  int refused = 0;
  for (std::uintmax_t cut : {size / 8, size / 3, size / 2, size - 4096}) {
    const TemporaryFolder folder;
    const auto copy = folder.path() / "study.db";
    std::filesystem::copy_file(file.path(), copy);
    std::filesystem::resize_file(copy, cut);
    const std::string message =
        refusal([&] { open_storage("sqlite:///" + copy.string())->open_study(description()); });
    if (!message.empty()) check_contains(message, {"study.db", "damaged"}), ++refused;
  }
  BOOST_CHECK_GE(refused, 3);
  // Rubbish in the middle.
  std::fstream out(file.path(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t at = 8192; at + 4096 < size; at += 8192) {
    out.seekp(static_cast<std::streamoff>(at));
    out << std::string(4096, '\x5a');
  }
  out.close();
  check_contains(refusal([&] { file.open(); }), {"study.db", "damaged"});
}

BOOST_AUTO_TEST_CASE(the_database_of_another_program_is_refused) {
  const StudyFile file;
  const int made =
      std::system(("python3 -c \"import sqlite3; c = sqlite3.connect('" + file.path().string() +
                   "'); c.execute('create table bookmarks (url text)'); c.commit()\"")
                      .c_str());
  if (made != 0) skip("no python3 to make a foreign database");
  check_contains(refusal([&] { open_storage(file.url()); }),
                 {"another program", "'bookmarks'", "--storage"});
}

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
  BOOST_CHECK(waited < StorageOptions().lock_wait);
}

BOOST_AUTO_TEST_CASE(trials_that_another_process_adds_meanwhile_end_the_search) {
  const StudyFile file;
  const auto mine = file.open();
  mine->write({trial(0)});
  file.open()->write({trial(1)});
  check_contains(refusal([&] { mine->write({trial(1)}); }), {"another process", "'bits'", "again"});
  BOOST_CHECK_EQUAL(file.open()->trials().size(), 2);
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
  BOOST_CHECK(file.open()->trials()[3].state == TrialState::waiting);
  BOOST_CHECK(file.open()->trials()[4].state == TrialState::waiting);
  StoredTrial taken = trial(3);
  taken.wish = wishes[1].wish;
  mine->write({taken, trial(4)});
  const std::vector<StoredTrial> all = file.open()->trials();
  BOOST_REQUIRE_EQUAL(all.size(), 6);
  for (std::size_t i = 0; i < 5; ++i) BOOST_CHECK(all[i].state == TrialState::complete);
  BOOST_CHECK(all[5].state == TrialState::waiting);
  BOOST_CHECK_EQUAL(all[5].parameters[1], 2);
}

BOOST_AUTO_TEST_CASE(a_group_is_durable_when_write_returns) {
  const StudyFile file;
  for (int round = 0; round < 5; ++round) {
    const std::size_t before = file.open()->trials().size();
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
    const auto trials = file.open()->trials();
    BOOST_CHECK_GE(trials.size(), before + 3 * groups);
    BOOST_CHECK_EQUAL((trials.size() - before) % 3, 0);  // whole groups only
    for (const StoredTrial& read : trials) BOOST_CHECK(read.values == trial(read.number).values);
  }
}

BOOST_AUTO_TEST_CASE(rows_that_no_search_wrote_are_refused_with_the_trial) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"update trial_params set param_value = 17 where trial_id = 2 and param_name like 'a%width'",
       {"damaged", "trial 1", "17 for 'a/config/width'", "one of 3 choices"}},
      {"update trial_params set param_value = 1e18 where trial_id = 2", {"trial 1", "1e+18"}},
      {"update trial_params set param_value = 0.5 where trial_id = 2", {"trial 1", "0.5"}},
      {"update trial_params set param_value = -1 where trial_id = 2", {"trial 1", "-1"}},
      {"update trial_params set param_value = 'many' where trial_id = 2",
       {"trial 1", "no number for 'a/config/name'"}},
      {"update trial_values set objective = 7 where trial_id = 3 and objective = 1",
       {"trial 2", "objective 7, of 2"}},
      {"update trial_values set objective = -1 where trial_id = 3 and objective = 1",
       {"trial 2", "objective -1, of 2"}},
      {"update trial_values set value = null where trial_id = 3 and objective = 1",
       {"trial 2", "no number for its value of objective 1"}},
      {"delete from trial_values where trial_id = 3 and objective = 0",
       {"trial 2", "complete", "1 of 2 values"}},
      {"update trials set number = 9 where trial_id = 3", {"damaged", "no trial 2"}},
  };
  for (const auto& [damage, sentence] : cases) {
    BOOST_TEST_CONTEXT(damage) {
      const StudyFile file;
      file.open()->write({trial(0), trial(1), trial(2), trial(3)});
      file.run(damage);
      const std::string message = refusal([&] { file.open(); });
      for (const char* part : sentence) check_contains(message, {part});
    }
  }
}
