// `lathe study suggest`: what a sampler draws after a history, beside what Optuna's draws.
#include "tests/cli/bad_input.hpp"
#include "tests/support/same_law.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using nlohmann::json;

namespace {

const std::string kHistory = R"({"directions": ["minimize"],
 "space": {"a": {"kind": "cat", "n": 3}, "x": {"kind": "float", "low": 0, "high": 1, "log": false}},
 "sampler": {}, "trials": [)";
const std::string kFirst =
    R"({"number": 0, "state": "COMPLETE", "values": [1], "params": {"a": 1, "x": 0.5}}]})";

json drawn(const std::filesystem::path& folder, const std::string& history,
           const std::string& sampler, int n) {
  return good({"study", "suggest", "--history", history, "--sampler", sampler, "--n",
               std::to_string(n), "--json"},
              folder)
      .json()
      .at("params");
}

}  // namespace

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

BOOST_AUTO_TEST_CASE(suggestions_of_tpe_are_of_the_law_of_optunas) {
  const TemporaryFolder folder;
  const std::string file = golden("tpe/f02_cat6_n100.json").string();
  const json theirs = json::parse(read_file(file)).at("frequencies").at("optuna-5.0.0.dev");
  const std::pair<const char*, const char*> modes[] = {
      {"independent_n_ei_candidates_3", "tpe<multivariate=false,n_ei_candidates=3>"},
      {"multivariate", "tpe<multivariate=true>"}};
  for (const auto& [mode, sampler] : modes) {
    const json ours = drawn(folder.path(), file, sampler, 5000);
    BOOST_TEST(ours.size() == 6);
    for (const auto& [name, row] : ours.items()) {
      const double p =
          same_law(row.at("counts"), theirs.at(mode).at("params").at(name).at("counts"));
      BOOST_CHECK_MESSAGE(p > 1e-4, mode << " " << name << ": p = " << p);
    }
  }
}

BOOST_AUTO_TEST_CASE(histories_that_are_not_what_they_say_are_refused) {
  check_bad_inputs({
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
  });
}
