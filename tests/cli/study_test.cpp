// `lathe study`: any program as the objective, and what is refused of it.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace lathe_test;
using nlohmann::json;

namespace {

const std::string kSpace =
    R"({"width": [2, 4, 8], "lr": {"low": 0.001, "high": 0.1, "log": true}})";

void create(const std::filesystem::path& folder, const Words& more = {}) {
  Words words{"study", "create", "s.db", "--study", "s", "--search-space", kSpace};
  words.insert(words.end(), more.begin(), more.end());
  good(words, folder);
}

json trials(const std::filesystem::path& folder) {
  return good({"study", "trials", "s.db", "--json"}, folder).json().at("trials");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_program_asks_and_tells) {
  const TemporaryFolder folder;
  create(folder.path(), {"--sampler", "random", "--direction", "maximize"});
  for (int trial = 0; trial < 3; ++trial) {
    const json asked = good({"study", "ask", "s.db"}, folder.path()).json();
    BOOST_TEST(asked.at("number") == trial);
    const int width = asked.at("params").at("width");
    good({"study", "tell", "s.db", "--trial-number", std::to_string(trial), "--values",
          std::to_string(width)},
         folder.path());
  }
  const json all = trials(folder.path());
  BOOST_TEST(all.size() == 3);
  double best = 0;
  for (const json& trial : all) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    BOOST_TEST(trial.at("values").at(0) == trial.at("params").at("width"));
    best = std::max(best, trial.at("values").at(0).get<double>());
  }
  const json front = good({"study", "best", "s.db", "--json"}, folder.path()).json();
  BOOST_TEST(front.at("trials").size() == 1);
  BOOST_TEST(front.at("trials").at(0).at("values").at(0) == best);
  const std::string csv = good({"study", "export", "s.db"}, folder.path()).out;
  BOOST_TEST(csv.starts_with(
      "number,value,datetime_start,datetime_complete,params_width,params_lr,state"));
}

BOOST_AUTO_TEST_CASE(an_enqueued_trial_comes_first_with_what_is_fixed) {
  const TemporaryFolder folder;
  create(folder.path(), {"--sampler", "random"});
  good({"study", "enqueue", "s.db", "--params", R"({"width": 8})"}, folder.path());
  BOOST_TEST(trials(folder.path()).at(0).at("state") == "WAITING");
  const json asked = good({"study", "ask", "s.db"}, folder.path()).json();
  BOOST_TEST(asked.at("number") == 0);
  BOOST_TEST(asked.at("params").at("width") == 8);
  BOOST_TEST(asked.at("params").contains("lr"));
}

BOOST_AUTO_TEST_CASE(several_objectives_have_a_front) {
  const TemporaryFolder folder;
  create(folder.path(),
         {"--sampler", "random", "--directions", "minimize", "--directions", "maximize"});
  const std::vector<Words> told{{"1", "1"}, {"2", "2"}, {"3", "1"}};
  for (std::size_t trial = 0; trial < told.size(); ++trial) {
    good({"study", "ask", "s.db"}, folder.path());
    good({"study", "tell", "s.db", "--trial-number", std::to_string(trial), "--values",
          told[trial][0], told[trial][1]},
         folder.path());
  }
  const json front = good({"study", "best", "s.db", "--json"}, folder.path()).json().at("trials");
  BOOST_TEST(front.size() == 2);
}

BOOST_AUTO_TEST_CASE(what_a_study_cannot_take_is_refused) {
  check_bad_inputs({
      {"no study said", {}, {"study", "trials"}, 2, {"RUN", "--storage"}},
      {"no such file", {}, {"study", "trials", "none.db"}, 2, {"none.db"}},
      {"a search space without choices",
       {},
       {"study", "create", "s.db", "--search-space", R"({"width": []})"},
       2,
       {"--search-space", "'width' has no choices"}},
  });
}

BOOST_AUTO_TEST_CASE(what_is_told_wrong_changes_nothing) {
  const TemporaryFolder folder;
  create(folder.path(), {"--sampler", "random"});
  const auto refused = [&](const Words& words, const std::string& says) {
    const Outcome outcome = run_lathe(words, folder.path());
    BOOST_TEST(outcome.exit_code == 2);
    BOOST_TEST(outcome.last_line().find(says) != std::string::npos, outcome.last_line());
  };
  const Words tell{"study", "tell", "s.db", "--trial-number", "0", "--values"};
  const auto told = [&](const Words& values) {
    Words words = tell;
    words.insert(words.end(), values.begin(), values.end());
    return words;
  };
  refused(told({"1"}), "has no trial 0");
  good({"study", "ask", "s.db"}, folder.path());
  refused(told({"nan"}), "NaN");
  refused(told({"-nan"}), "NaN");
  refused(told({"many"}), "'many' is no number");
  refused(told({"1x"}), "'1x' is no number");
  refused(told({""}), "is empty");
  refused(told({"1", "2"}), "has 1 objective; got 2 values");
  refused({"study", "tell", "s.db", "--trial-number", "0"}, "say how the trial ended");
  refused({"study", "enqueue", "s.db", "--params", R"({"width": 5})"}, "'width' cannot be 5");
  refused({"study", "enqueue", "s.db", "--params", R"({"with": 4})"}, "did you mean 'width'");
  refused({"study", "trials", "s.db", "--study", "z"}, "there is no study 'z'");
  refused({"study", "create", "s.db", "--study", "s"}, "already");
  good(told({"-1.5"}), folder.path());
  refused(told({"2"}), "trial 0 is COMPLETE");
  good(told({"2", "--skip-if-finished"}), folder.path());
  BOOST_TEST(trials(folder.path()).size() == 1);
  BOOST_TEST(trials(folder.path()).at(0).at("values").at(0) == -1.5);
}

BOOST_AUTO_TEST_CASE(values_below_zero_and_infinite_ones_are_told) {
  const TemporaryFolder folder;
  create(folder.path(), {"--directions", "minimize", "--directions", "minimize"});
  good({"study", "ask", "s.db"}, folder.path());
  good({"study", "tell", "s.db", "--trial-number", "0", "--values", "-1", "-2e-3"}, folder.path());
  good({"study", "ask", "s.db"}, folder.path());
  good({"study", "tell", "s.db", "--trial-number", "1", "--values", "inf", "-inf"}, folder.path());
  const json all = trials(folder.path());
  BOOST_TEST(all.at(0).at("values") == json({-1.0, -0.002}));
  BOOST_TEST(all.at(1).at("values") == json({"inf", "-inf"}));
}

BOOST_AUTO_TEST_CASE(a_small_space_is_asked_once_for_each_point) {
  const TemporaryFolder folder;
  good({"study", "create", "s.db", "--search-space", R"({"a": [1, 2], "b": [3, 4]})"},
       folder.path());
  std::set<json> points;
  for (int trial = 0; trial < 4; ++trial)
    points.insert(good({"study", "ask", "s.db"}, folder.path()).json().at("params"));
  BOOST_TEST(points.size() == 4);
  const Outcome none = run_lathe({"study", "ask", "s.db"}, folder.path());
  BOOST_TEST(none.exit_code == 1);
  BOOST_TEST(none.last_line().find("every point") != std::string::npos, none.last_line());
}
