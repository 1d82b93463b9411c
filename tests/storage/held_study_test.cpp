// Studies that programs ask and tell: what they were begun with, whoever began them.
#include "core/search/study/held_study.hpp"

#include "tests/storage/study_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

using namespace lathe_test;

namespace {

struct Held {
  StudyDescription description;
  std::vector<HeldTrial> trials;
};

Held held(const StudyFile& file, const std::string& name = "bits") {
  Held out;
  open_storage(file.url())->hold_study(name, Hold::to_read, [&](HeldStudy& study) {
    out = {study.description(), study.trials()};
  });
  return out;
}

template <typename Act>
void hold(const StudyFile& file, Act act) {
  open_storage(file.url())->hold_study("bits", Hold::to_write, act);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_study_is_held_as_its_search_wrote_it) {
  const StudyFile file;
  file.open()->write({trial(0), trial(1, TrialState::fail), trial(2, TrialState::running)});
  const Held study = held(file);
  BOOST_TEST((study.description.directions == description().directions));
  BOOST_TEST((*study.description.user_attributes.find("seed") == Value(7)));
  BOOST_REQUIRE_EQUAL(study.description.parameters.size(), 3);
  BOOST_TEST(study.description.parameters[1].name == "a/config/width");
  BOOST_REQUIRE_EQUAL(study.trials.size(), 3);
  BOOST_TEST((study.trials[0].state == TrialState::complete));
  BOOST_TEST(study.trials[0].values == trial(0).values, boost::test_tools::per_element());
  BOOST_TEST((*study.trials[1].params.find("a/config/width") == Value(4)));
  BOOST_TEST((study.trials[2].state == TrialState::running));
}

BOOST_AUTO_TEST_CASE(what_is_begun_and_ended_is_one_trial_of_the_search_too) {
  const StudyFile file;
  file.open()->write({trial(0)});
  const auto& domains = description().parameters;
  const Value point(Value::Map{{"a/config/name", Value("integer")},
                               {"a/config/width", Value(8)},
                               {"b/config/scale", Value(true)}});
  hold(file, [&](HeldStudy& study) { study.begin(1, point, domains); });
  hold(file, [&](HeldStudy& study) { study.end(1, TrialState::complete, {0.25, 3}); });
  const std::vector<StoredTrial> trials = file.read();
  BOOST_REQUIRE_EQUAL(trials.size(), 2);
  BOOST_TEST((trials[1].state == TrialState::complete));
  BOOST_TEST((trials[1].parameters == std::vector<double>{0, 2, 1}));
  BOOST_TEST((trials[1].values == std::vector<double>{0.25, 3}));
  BOOST_TEST((trials[1].started <= trials[1].completed));
}

BOOST_AUTO_TEST_CASE(what_is_enqueued_waits_with_what_is_fixed_until_it_is_begun) {
  const StudyFile file;
  file.open()->write({trial(0)});
  const Value fixed(Value::Map{{"a/config/width", Value(4)}});
  hold(file, [&](HeldStudy& study) { BOOST_TEST(study.enqueue(fixed) == 1); });
  Held study = held(file);
  BOOST_TEST((study.trials[1].state == TrialState::waiting));
  BOOST_TEST((study.trials[1].params == fixed));
  hold(file, [&](HeldStudy& held) { held.begin(1, fixed, description().parameters); });
  study = held(file);
  BOOST_TEST(study.trials.size() == 2);
  BOOST_TEST((study.trials[1].state == TrialState::running));
  BOOST_TEST((study.trials[1].params == fixed));
}

BOOST_AUTO_TEST_CASE(an_error_while_a_study_is_held_undoes_what_was_written) {
  const StudyFile file;
  file.open()->write({trial(0)});
  const std::string message = refusal([&] {
    hold(file, [](HeldStudy& study) {
      study.enqueue(Value(Value::Map{}));
      throw usage_error("no");
    });
  });
  BOOST_TEST(message == "no");
  BOOST_TEST(held(file).trials.size() == 1);
}

BOOST_AUTO_TEST_CASE(ranges_of_a_study_of_optuna_are_as_wide_as_those_of_its_trials) {
  const StudyFile file;
  open_storage(file.url());
  SQLite::Database database(file.path().string(), SQLite::OPEN_READWRITE);
  database.exec("INSERT INTO studies (study_name) VALUES ('o')");
  database.exec(
      "INSERT INTO study_directions (direction, study_id, objective) "
      "VALUES ('MINIMIZE', 1, 0)");
  database.exec(
      "INSERT INTO trials (number, study_id, state) "
      "VALUES (0, 1, 'RUNNING'), (1, 1, 'RUNNING')");
  for (const char* row : {R"(1, 'x', 0.5, '{"type": "float", "low": 0.0, "high": 1.0}')",
                          R"(2, 'x', 4.0, '{"type": "float", "low": -2.0, "high": 5.0}')"})
    database.exec(std::string("INSERT INTO trial_params (trial_id, param_name, param_value, "
                              "distribution_json) VALUES (") +
                  row + ")");
  const Held study = held(file, "o");
  BOOST_REQUIRE_EQUAL(study.description.parameters.size(), 1);
  BOOST_TEST(study.description.parameters[0].low == -2);
  BOOST_TEST(study.description.parameters[0].high == 5);
  BOOST_TEST((*study.trials[1].params.find("x") == Value(4.0)));
}

BOOST_AUTO_TEST_CASE(a_study_that_is_not_there_is_named_with_one_like_it) {
  const StudyFile file;
  file.open();
  check_contains(refusal([&] { held(file, "bit"); }), {"there is no study 'bit'", "'bits'"});
}
