// `lathe study`: any program as the objective, histories that suggestions are drawn for, and what
// is refused.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

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

const std::string kHistory = R"({"directions": ["minimize"],
 "space": {"a": {"kind": "cat", "n": 3}, "x": {"kind": "float", "low": 0, "high": 1, "log": false}},
 "sampler": {}, "trials": [)";
const std::string kFirst =
    R"({"number": 0, "state": "COMPLETE", "values": [1], "params": {"a": 1, "x": 0.5}}]})";

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

BOOST_AUTO_TEST_CASE(suggestions_are_counted_by_choice_and_listed_by_number) {
  const TemporaryFolder folder;
  write_file(folder.path() / "h.json", kHistory + kFirst);
  const json drawn = good({"study", "suggest", "--history", "h.json", "--sampler", "random", "--n",
                           "300", "--json"},
                          folder.path())
                         .json()
                         .at("params");
  const std::vector<int> counts = drawn.at("a").at("counts");
  BOOST_TEST(counts.size() == 3);
  BOOST_TEST(counts[0] + counts[1] + counts[2] == 300);
  BOOST_TEST(*std::min_element(counts.begin(), counts.end()) > 60);
  BOOST_TEST(drawn.at("x").at("samples").size() == 300);
}

BOOST_AUTO_TEST_CASE(what_a_study_cannot_take_is_refused) {
  check_bad_inputs({
      {"no study said", {}, {"study", "trials"}, 2, {"RUN", "--storage"}},
      {"no such file", {}, {"study", "trials", "none.db"}, 2, {"none.db"}},
      {"no such history", {}, {"study", "suggest", "--history", "none.json"}, 2, {"none.json"}},
      {"a history that is no JSON",
       {{"h.json", "{\"space\": }"}},
       {"study", "suggest", "--history", "h.json"},
       2,
       {"h.json:1:", "no JSON"}},
      {"an unknown choice in a history",
       {{"h.json", kHistory + R"({"number": 0, "state": "FAIL", "params": {"a": 3}}]})"}},
       {"study", "suggest", "--history", "h.json"},
       2,
       {"h.json:3:", "trial 0 has 3 for 'a'"}},
      {"values that do not fit the objectives",
       {{"h.json",
         kHistory + R"({"number": 0, "state": "COMPLETE", "values": [1, 2], "params": {}}]})"}},
       {"study", "suggest", "--history", "h.json"},
       2,
       {"trial 0 has 2 values for 1 objectives"}},
      {"an option that the sampler lacks",
       {{"h.json", kHistory + kFirst}},
       {"study", "suggest", "--history", "h.json", "--sampler", "random<x=1>"},
       2,
       {"--sampler", "unknown option 'x'"}},
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
  refused(told({"1", "2"}), "has 1 objective; got 2 values");
  refused({"study", "tell", "s.db", "--trial-number", "0"}, "say how the trial ended");
  refused({"study", "enqueue", "s.db", "--params", R"({"width": 5})"}, "'width' cannot be 5");
  refused({"study", "enqueue", "s.db", "--params", R"({"with": 4})"}, "did you mean 'width'");
  refused({"study", "trials", "s.db", "--study", "z"}, "there is no study 'z'");
  refused({"study", "create", "s.db", "--study", "s"}, "already");
  good(told({"1"}), folder.path());
  refused(told({"2"}), "trial 0 is COMPLETE");
  BOOST_TEST(trials(folder.path()).at(0).at("values").at(0) == 1.0);
}
