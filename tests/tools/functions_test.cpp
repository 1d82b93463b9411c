// Functions that samplers are compared by: their values against the published test vectors, and
// files that are not what they say.
#include "core/base/error.hpp"
#include "tests/support/support.hpp"
#include "tools/sampler_quality/function.hpp"
#include "tools/sampler_quality/one_at_a_time.hpp"
#include "tools/sampler_quality/score.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace lathe;
using namespace lathe::quality;
using lathe_test::golden;
using nlohmann::json;

// What is refused of a function file, with its place.
std::string refusal(const std::string& text) {
  const lathe_test::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "f.json";
  std::ofstream(file) << text;
  try {
    read_function(file);
  } catch (const Error& error) {
    BOOST_TEST(error.exit_code() == 2);
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
  return "accepted";
}

std::string with_terms(const std::string& terms) {
  return R"({"id": "f", "space": [{"name": "a", "kind": "cat", "n_choices": 3},
 {"name": "b", "kind": "float", "low": 0, "high": 1},
 {"name": "c", "kind": "cat", "n_choices": 2, "when": {"var": 0, "equals": 1}}],
"direction": ["minimize"], "objectives": [{"terms": [)" +
         terms + "]}]}";
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_function_has_the_values_of_its_test_vectors) {
  const json vectors = lathe_test::golden_json("functions/testvectors.json");
  const std::vector<Function> functions = read_functions(golden("functions"));
  BOOST_TEST(functions.size() == 15);
  for (const Function& function : functions) {
    for (const json& row : vectors.at(function.id)) {
      std::vector<double> x;
      for (const json& number : row.at("x"))
        x.push_back(number.is_null() ? std::nan("") : number.get<double>());
      const std::vector<double> values = function.values(x);
      for (std::size_t objective = 0; objective < values.size(); ++objective)
        BOOST_TEST(values[objective] == row.at("f").at(objective).get<double>(),
                   boost::test_tools::tolerance(1e-9));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_front_of_a_function_has_its_published_hypervolume) {
  for (const char* id : {"p13_mo_bits16", "p14_mo_ring9x4"}) {
    const json file = lathe_test::golden_json(fmt::format("functions/{}.json", id));
    const std::vector<std::vector<double>> front = file.at("pareto_front");
    BOOST_TEST(hypervolume(front, file.at("hv_reference")) == file.at("hv_optimum").get<double>(),
               boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(the_score_of_a_noisy_function_is_the_real_value_of_what_seemed_best) {
  const std::vector<Outcome> trials{{{3.0}, {2.0}}, {{1.0}, {4.0}}, {}, {{1.0}, {0.5}}};
  BOOST_TEST(score(trials, {}) == 4.0);
  BOOST_TEST(score(std::span(trials).first(1), {}) == 2.0);
  BOOST_TEST(std::isnan(score({}, {})));
}

BOOST_AUTO_TEST_CASE(budgets_end_with_the_trials_there_are) {
  BOOST_TEST(budgets(300) == (std::vector<std::size_t>{25, 50, 100, 200, 300}),
             boost::test_tools::per_element());
  BOOST_TEST(budgets(120) == (std::vector<std::size_t>{25, 50, 100, 120}),
             boost::test_tools::per_element());
  BOOST_TEST(budgets(7) == std::vector<std::size_t>{7}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_at_a_time_evaluations_give_back_an_additive_function) {
  const Function function = read_function(golden("functions/p01_sep_cat12.json"));
  const OneAtATime probes(function);
  std::vector<std::vector<double>> values;
  for (const std::vector<double>& point : probes.points()) values.push_back(function.values(point));
  const json file = json::parse(probes.file_text(values, {"f0"}));
  const std::vector<double> x{1, 1, 2, 3, 0, 1, 1, 5, 1, 1, 1, 4};
  double sum = file["f0"][""][0];
  for (std::size_t v = 0; v < x.size(); ++v)
    sum +=
        file["f0"][function.space.parameters[v].name][static_cast<std::size_t>(x[v])].get<double>();
  BOOST_TEST(sum == function.values(x)[0], boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(ranges_and_conditions_have_no_additive_model) {
  for (const char* id : {"p08_cond6", "p09_ellipsoid6"}) {
    const Function function = read_function(golden(fmt::format("functions/{}.json", id)));
    BOOST_CHECK_THROW(OneAtATime{function}, Error);
  }
}

BOOST_AUTO_TEST_CASE(files_that_are_no_functions_are_refused_at_their_place) {
  BOOST_TEST(refusal("{").starts_with("f.json:1:2: this is no JSON"));
  BOOST_TEST(refusal("[]").starts_with("f.json:1:1: "));
  BOOST_TEST(refusal(R"({"id": "f", "id": "g"})") == "f.json:1:13: the key 'id' is there twice");
  BOOST_TEST(refusal(with_terms(R"({"type": "tabel", "vars": [0]})")) ==
             "f.json:4:63: there is no term of type 'tabel'; did you mean 'table'?");
  BOOST_TEST(
      refusal(with_terms(R"({"type": "table", "vars": [0], "t": [1, 2]})")).find("has 2 entries") !=
      std::string::npos);
  BOOST_TEST(refusal(with_terms(R"({"type": "table", "vars": [7], "t": [1, 2, 3]})"))
                 .find("there is no variable number 7") != std::string::npos);
  BOOST_TEST(refusal(with_terms(R"({"type": "table", "vars": [2], "t": [1, 2]})"))
                 .find("does not always exist") != std::string::npos);
  BOOST_TEST(refusal(with_terms(R"({"type": "linear", "vars": [1], "wight": 2})"))
                 .find("did you mean 'weight'") != std::string::npos);
}
