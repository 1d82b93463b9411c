// Ranges and conditions in a study: Optuna's own distributions, and parameters that are not there.
#include "tests/storage/study_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;
using nlohmann::json;

StoredParameter range(const std::string& name, lathe_parameter_kind kind, double low, double high,
                      double step, bool logarithmic = false) {
  StoredParameter result;
  result.name = name;
  result.kind = kind;
  result.low = low;
  result.high = high;
  result.step = step;
  result.logarithmic = logarithmic;
  return result;
}

// A format; under it a width; and four ranges that always exist.
StudyDescription numbers() {
  StudyDescription result;
  result.name = "numbers";
  result.directions = {LATHE_DIRECTION_MINIMIZE};
  result.parameters = {range("x", LATHE_PARAMETER_CATEGORICAL, 0, 0, 0),
                       range("width", LATHE_PARAMETER_INTEGER, 2, 16, 2),
                       range("rate", LATHE_PARAMETER_REAL, 1e-5, 0.1, 0, true),
                       range("drop", LATHE_PARAMETER_REAL, 0.1, 0.7, 0.1),
                       range("depth", LATHE_PARAMETER_INTEGER, 1, 64, 1, true),
                       range("scale", LATHE_PARAMETER_REAL, -1, 1, 0)};
  result.parameters[0].name = "name";
  result.parameters[0].choices = {Value("integer"), Value()};
  result.parameters[1].condition = {0, {0.0}};
  return result;
}

StoredTrial at(std::uint64_t number, std::vector<double> parameters) {
  StoredTrial result = trial(number);
  result.parameters = std::move(parameters);
  result.values = {0.5 * static_cast<double>(number)};
  return result;
}

const double kNone = std::nan("");

json python(const StudyFile& file, const std::string& script) {
  if (std::system("/usr/bin/python3 -c 'import optuna' 2>/dev/null") != 0)
    skip("python3-optuna is not installed");
  const auto path = file.path().parent_path() / "script.py";
  const auto output = file.path().parent_path() / "output.json";
  std::ofstream(path)
      << "import json, sqlite3, optuna\n"
         "from optuna.distributions import *\n"
         "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
         "path = '"
      << file.path().string() << "'\nurl = '" << file.url()
      << "'\n"
         "def objective(trial):\n"
         "    if trial.suggest_categorical('name', ['integer', None]) is not None:\n"
         "        trial.suggest_int('width', 2, 16, step=2)\n"
         "    rate = trial.suggest_float('rate', 1e-5, 0.1, log=True)\n"
         "    trial.suggest_float('drop', 0.1, 0.7, step=0.1)\n"
         "    trial.suggest_int('depth', 1, 64, log=True)\n"
         "    return rate + trial.suggest_float('scale', -1, 1)\n"
      << script;
  const std::string command =
      "/usr/bin/python3 " + path.string() + " > " + output.string() + " 2> /dev/stderr";
  BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  std::ifstream in(output);
  return json::parse(in);
}

}  // namespace

BOOST_AUTO_TEST_CASE(numbers_and_what_does_not_exist_are_read_as_they_were_written) {
  const StudyFile file;
  const std::vector<StoredTrial> trials{at(0, {0, 8, 0.00123, 0.3, 17, -0.25}),
                                        at(1, {1, kNone, 0.1, 0.7, 1, 1})};
  file.open(numbers())->write(trials);
  const auto read = file.read(numbers());
  BOOST_REQUIRE_EQUAL(read.size(), 2);
  BOOST_CHECK(read[0].parameters == trials[0].parameters);
  BOOST_CHECK(std::isnan(read[1].parameters[1]));
  BOOST_CHECK_EQUAL(read[1].parameters[2], 0.1);
}

BOOST_AUTO_TEST_CASE(a_trial_without_a_parameter_that_exists_is_refused) {
  const StudyFile file;
  file.open(numbers())->write({at(0, {0, kNone, 0.01, 0.3, 17, 0})});
  const std::string message = refusal([&] { file.read(numbers()); });
  BOOST_CHECK_MESSAGE(message.find("trial 0 without the parameter 'width'") != message.npos,
                      message);
}

BOOST_AUTO_TEST_CASE(a_study_of_another_range_is_refused) {
  const StudyFile file;
  file.open(numbers())->write({at(0, {0, 8, 0.01, 0.3, 17, 0})});
  StudyDescription other = numbers();
  other.parameters[2].high = 1;
  const std::string message = refusal([&] { file.read(other); });
  BOOST_CHECK_MESSAGE(message.find("was begun with 'high' of") != message.npos, message);
}

BOOST_AUTO_TEST_CASE(distributions_are_written_as_optuna_writes_them) {
  const StudyFile file;
  file.open(numbers())->write({at(0, {0, 8, 0.01, 0.3, 17, 0})});
  const json read = python(file, R"py(
ours = dict(sqlite3.connect(path).execute('SELECT param_name, distribution_json FROM trial_params'))
theirs = {'name': CategoricalDistribution(['integer', None]), 'width': IntDistribution(2, 16, step=2),
          'rate': FloatDistribution(1e-5, 0.1, log=True), 'drop': FloatDistribution(0.1, 0.7, step=0.1),
          'depth': IntDistribution(1, 64, log=True), 'scale': FloatDistribution(-1, 1)}
theirs = {name: distribution_to_json(each) for name, each in theirs.items()}
same = {name: [list(json.loads(ours[name])['attributes'].items()),
               list(json.loads(theirs[name])['attributes'].items())] for name in theirs}
print(json.dumps(same))
)py");
  BOOST_REQUIRE_EQUAL(read.size(), 6);
  for (const auto& [name, both] : read.items())
    BOOST_CHECK_MESSAGE(both[0] == both[1], name << ": " << both.dump());
}

BOOST_AUTO_TEST_CASE(optuna_goes_on_with_ranges_and_conditions_and_lathe_after_it) {
  const StudyFile file;
  std::vector<StoredTrial> trials;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto x = static_cast<double>(i);
    trials.push_back(
        at(i, {i % 3 == 2 ? 1.0 : 0.0, i % 3 == 2 ? kNone : 2 + 2 * (x / 3 - std::fmod(x, 3) / 3),
               1e-5 * (x + 1), 0.1 + 0.1 * std::fmod(x, 7), 1 + x, x / 12}));
  }
  file.open(numbers())->write(trials);
  const json read = python(file, R"py(
study = optuna.load_study(storage=url, study_name='numbers',
                          sampler=optuna.samplers.TPESampler(seed=0))
params = [t.params for t in study.trials]
study.optimize(objective, n_trials=8)
study.enqueue_trial({'width': 12, 'rate': 0.05})
print(json.dumps({'params': params, 'after': [t.params for t in study.trials]}))
)py");
  BOOST_REQUIRE_EQUAL(read["params"].size(), 12);
  BOOST_CHECK_EQUAL(read["params"][0]["width"], 2);
  BOOST_CHECK_EQUAL(read["params"][0]["rate"], 1e-5);
  BOOST_CHECK_EQUAL(read["params"][11]["depth"], 12);
  BOOST_CHECK(!read["params"][2].contains("width"));
  const auto again = file.read(numbers());
  BOOST_REQUIRE_EQUAL(again.size(), 21);
  for (std::size_t i = 12; i < 20; ++i) {
    const json& theirs = read["after"][i];
    BOOST_CHECK_EQUAL(std::isnan(again[i].parameters[1]), !theirs.contains("width"));
    if (theirs.contains("width")) BOOST_CHECK_EQUAL(again[i].parameters[1], theirs["width"]);
    BOOST_CHECK_EQUAL(again[i].parameters[2], theirs["rate"]);
    BOOST_CHECK_EQUAL(again[i].parameters[4], theirs["depth"]);
  }
  BOOST_CHECK(again[20].state == TrialState::waiting);
  BOOST_CHECK_EQUAL(again[20].parameters[1], 12);
  BOOST_CHECK_EQUAL(again[20].parameters[2], 0.05);
  BOOST_CHECK(std::isnan(again[20].parameters[0]));
}
