// Studies on SQLite: what is written is read, what does not fit is refused, places that cannot be
// written are named. What is damaged: damage_test.cpp; who else uses the file: sharing_test.cpp.
#include "tests/storage/study_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace lathe_test;

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
    BOOST_CHECK_EQUAL(study->trial_count(), 0);
    study->write(trials);
    study->write({trial(3, TrialState::running)});
  }
  const auto read = file.read();
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
  const auto read = file.read();
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
  BOOST_CHECK_EQUAL(file.read(description("one")).size(), 3);
  BOOST_CHECK_EQUAL(file.read(description("two")).size(), 2);
}

BOOST_AUTO_TEST_CASE(a_study_of_another_search_is_refused_with_the_difference) {
  const StudyFile file;
  file.open()->write({trial(0)});
  const auto refused = [&](auto change) {
    StudyDescription other = description();
    change(other);
    return refusal([&] { file.read(other); });
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
  BOOST_CHECK_EQUAL(refusal([&] { file.read(); }), "");
}

BOOST_AUTO_TEST_CASE(urls_that_no_storage_serves_are_usage_errors) {
  for (const char* url : {"study.db", "mysql://localhost/x", "sqlite://", "sqlite:///", ""}) {
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
