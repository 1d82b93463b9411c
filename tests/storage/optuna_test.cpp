// Optuna and Lathe on the same file, in both directions. Skipped where Optuna is not installed.
#include "tests/storage/study_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;
using nlohmann::json;

// What a Python script with optuna prints as JSON. `study` is opened for it.
json python(const StudyFile& file, const std::string& script) {
  if (std::system("/usr/bin/python3 -c 'import optuna' 2>/dev/null") != 0)
    skip("python3-optuna is not installed");
  const auto path = file.path().parent_path() / "script.py";
  const auto output = file.path().parent_path() / "output.json";
  std::ofstream(path) << "import json, optuna\n"
                         "from optuna.distributions import *\n"
                         "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
                         "url = '"
                      << file.url()
                      << "'\n"
                         "CHOICES = {'a/config/name': ['integer', None],\n"
                         "           'a/config/width': [2, 4, 8], 'b/config/scale': [0.5, True]}\n"
                         "def objective(trial):\n"
                         "    for name, choices in CHOICES.items():\n"
                         "        trial.suggest_categorical(name, choices)\n"
                         "    return trial.number, trial.number % 3\n"
                      << script;
  const std::string command =
      "/usr/bin/python3 " + path.string() + " > " + output.string() + " 2> /dev/stderr";
  BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  std::ifstream in(output);
  return json::parse(in);
}

constexpr const char* kBegin =
    "study = optuna.create_study(storage=url, study_name='bits',\n"
    "                            directions=['maximize', 'minimize'])\n";

}  // namespace

BOOST_AUTO_TEST_CASE(optuna_reads_a_study_of_lathe_and_goes_on) {
  const StudyFile file;
  std::vector<StoredTrial> trials;
  for (std::uint64_t i = 0; i < 20; ++i)
    trials.push_back(trial(i, i % 6 == 5 ? TrialState::fail : TrialState::complete));
  trials.push_back(trial(20, TrialState::running));
  file.open()->write(trials);
  const json read = python(file, R"py(
study = optuna.load_study(storage=url, study_name='bits',
                          sampler=optuna.samplers.TPESampler(seed=0))
trials = [{'number': t.number, 'state': t.state.name, 'values': t.values, 'params': t.params,
           'attrs': t.user_attrs, 'ms': t.duration.total_seconds() * 1000 if t.duration else None}
          for t in study.trials]
best = [t.number for t in study.best_trials]
study.optimize(objective, n_trials=3)
print(json.dumps({'trials': trials, 'best': best, 'directions': [d.name for d in study.directions],
                  'after': [t.state.name for t in study.trials],
                  'attrs': study.user_attrs}))
)py");
  BOOST_CHECK(read["directions"] == json({"MAXIMIZE", "MINIMIZE"}));
  BOOST_CHECK_EQUAL(read["attrs"]["lathe:seed"], 7);
  BOOST_REQUIRE_EQUAL(read["trials"].size(), 21);
  const json names = {"integer", nullptr}, widths = {2, 4, 8}, scales = {0.5, true};
  for (std::size_t i = 0; i < 20; ++i) {
    const json& row = read["trials"][i];
    BOOST_CHECK_EQUAL(row["number"], i);
    BOOST_CHECK_EQUAL(row["state"], i % 6 == 5 ? "FAIL" : "COMPLETE");
    BOOST_CHECK(row["values"] == (i % 6 == 5 ? json() : json(trials[i].values)));
    BOOST_CHECK(row["params"]["a/config/name"] == names[i % 2]);
    BOOST_CHECK(row["params"]["a/config/width"] == widths[i % 3]);
    BOOST_CHECK(row["params"]["b/config/scale"] == scales[i / 2 % 2]);
    BOOST_CHECK_EQUAL(row["attrs"]["software_metrics"]["loss"], 0.1 * static_cast<double>(i));
    BOOST_CHECK_EQUAL(row["ms"], 12.0);
  }
  BOOST_CHECK_EQUAL(read["trials"][20]["state"], "RUNNING");
  // Values are (1/(1+i), i%5): trial 0 has the largest first and the smallest second.
  BOOST_CHECK(read["best"] == json({0}));
  BOOST_REQUIRE_EQUAL(read["after"].size(), 24);
  // And back: Lathe opens what Optuna has stamped and added to.
  const auto again = file.read();
  BOOST_REQUIRE_EQUAL(again.size(), 24);
  for (std::size_t i = 21; i < 24; ++i) {
    BOOST_CHECK(again[i].state == TrialState::complete);
    BOOST_CHECK_EQUAL(again[i].values[0], static_cast<double>(i));
    for (double x : again[i].parameters) BOOST_CHECK(!std::isnan(x));
  }
}

BOOST_AUTO_TEST_CASE(lathe_goes_on_with_a_study_that_optuna_began) {
  const StudyFile file;
  python(file, std::string(kBegin) + R"py(
study.optimize(objective, n_trials=6)
study.enqueue_trial({'a/config/width': 8})
def broken(trial):
    trial.suggest_categorical('a/config/width', [2, 4, 8])
    raise ValueError('no')
study.optimize(broken, n_trials=1, catch=(ValueError,))
study.enqueue_trial({'a/config/width': 4, 'b/config/scale': True})
print(json.dumps({}))
)py");
  const auto study = file.open();
  std::vector<StoredTrial> trials;
  study->each_trial([&](StoredTrial trial) { trials.push_back(std::move(trial)); });
  BOOST_REQUIRE_EQUAL(trials.size(), 8);
  for (std::size_t i = 0; i < 6; ++i)
    BOOST_CHECK_EQUAL(trials[i].values[1], static_cast<double>(i % 3));
  BOOST_CHECK(trials[6].state == TrialState::fail);
  BOOST_CHECK(std::isnan(trials[6].parameters[0]));
  BOOST_CHECK_EQUAL(trials[6].parameters[1], 2);
  // The enqueued one waits, with the part of it that is fixed.
  BOOST_CHECK(trials[7].state == TrialState::waiting);
  BOOST_CHECK(std::isnan(trials[7].parameters[0]));
  BOOST_CHECK_EQUAL(trials[7].parameters[1], 1);
  BOOST_CHECK_EQUAL(trials[7].parameters[2], 1);
  study->write({trial(7), trial(8)});
  const json read = python(file, R"py(
study = optuna.load_study(storage=url, study_name='bits')
print(json.dumps([[t.state.name, t.values] for t in study.trials]))
)py");
  BOOST_REQUIRE_EQUAL(read.size(), 9);
  BOOST_CHECK(read[8][1] == json(trial(8).values));
  BOOST_CHECK_EQUAL(read[7][0], "COMPLETE");
}

BOOST_AUTO_TEST_CASE(a_study_of_optuna_with_other_distributions_is_refused) {
  const StudyFile file;
  python(file, std::string(kBegin) + R"py(
def indexes(trial):
    for name, choices in CHOICES.items():
        trial.suggest_int(name, 0, len(choices) - 1)
    return 0, 0
study.optimize(indexes, n_trials=1)
print(json.dumps({}))
)py");
  const std::string message = refusal([&] { file.read(); });
  for (const char* part :
       {"'bits'", "trial 0", "a/config/name", "integers 0 to 1 by 1 there", "--study"})
    BOOST_CHECK_MESSAGE(message.find(part) != message.npos, part << " in " << message);
}

BOOST_AUTO_TEST_CASE(a_study_of_optuna_with_unknown_parameters_is_refused) {
  const StudyFile file;
  python(file, std::string(kBegin) + R"py(
study.optimize(lambda trial: (trial.suggest_float('lr', 0, 1), 0), n_trials=1)
print(json.dumps({}))
)py");
  const std::string message = refusal([&] { file.read(); });
  for (const char* part : {"'lr'", "'bits'", "lacks"})
    BOOST_CHECK_MESSAGE(message.find(part) != message.npos, part << " in " << message);
}

BOOST_AUTO_TEST_CASE(pruned_trials_of_optuna_keep_their_last_value) {
  const StudyFile file;
  StudyDescription single = description();
  single.directions = {LATHE_DIRECTION_MINIMIZE};
  python(file, R"py(
study = optuna.create_study(storage=url, study_name='bits')
def pruned(trial):
    objective(trial)
    trial.report(0.5, 1)
    trial.report(0.25, 3)
    raise optuna.TrialPruned()
study.optimize(pruned, n_trials=1)
print(json.dumps({}))
)py");
  const auto trials = file.read(single);
  BOOST_REQUIRE_EQUAL(trials.size(), 1);
  BOOST_CHECK(trials[0].state == TrialState::pruned);
  BOOST_REQUIRE(!trials[0].intermediates.empty());
  BOOST_CHECK_EQUAL(trials[0].intermediates.back().step, 3);
  BOOST_CHECK_EQUAL(trials[0].intermediates.back().value, 0.25);
}

BOOST_AUTO_TEST_CASE(optuna_reads_the_curves_and_rungs_of_pruned_trials) {
  const StudyFile file;
  StudyDescription one = description();
  one.directions = {LATHE_DIRECTION_MAXIMIZE};
  std::vector<StoredTrial> trials;
  for (std::uint64_t i = 0; i < 6; ++i) {
    StoredTrial row = trial(i, i % 2 == 0 ? TrialState::complete : TrialState::pruned);
    if (i % 2 == 0) row.values.resize(1);
    for (std::int64_t step = 0; step < (i % 2 == 0 ? 4 : 2); ++step)
      row.intermediates.push_back(
          {step, 0.25 * static_cast<double>(step) + static_cast<double>(i)});
    row.system_attributes.set("completed_rung_0", row.intermediates.back().value);
    trials.push_back(row);
  }
  trials[1].intermediates[0].value = std::nan("");
  trials[3].intermediates[0].value = -std::numeric_limits<double>::infinity();
  const auto study = file.open(one);
  study->write(trials);
  // Written again, as a resumed search does that runs a trial anew: nothing is there twice.
  trials[5].intermediates.pop_back();
  study->write({trials[5]});
  const json read = python(file, R"py(
study = optuna.load_study(storage=url, study_name='bits', sampler=optuna.samplers.TPESampler(seed=0))
pruned = [{'number': t.number, 'last_step': t.last_step, 'attrs': t.system_attrs,
           'values': {str(k): repr(v) for k, v in t.intermediate_values.items()}}
          for t in study.get_trials(states=(optuna.trial.TrialState.PRUNED,))]
complete = [list(t.intermediate_values.items()) for t in study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))]
def objective(trial):
    for name, choices in CHOICES.items():
        trial.suggest_categorical(name, choices)
    trial.report(-1.0, 0)
    return 0.5 if not trial.should_prune() else 0.0
study.optimize(objective, n_trials=2)
print(json.dumps({'pruned': pruned, 'complete': complete, 'after': len(study.trials), 'best': study.best_trial.number}))
)py");
  BOOST_REQUIRE_EQUAL(read["pruned"].size(), 3);
  BOOST_CHECK_EQUAL(read["pruned"][0]["number"], 1);
  BOOST_CHECK_EQUAL(read["pruned"][0]["last_step"], 1);
  BOOST_CHECK(read["pruned"][0]["values"] == json({{"0", "nan"}, {"1", "1.25"}}));
  BOOST_CHECK_EQUAL(read["pruned"][0]["attrs"]["completed_rung_0"], 1.25);
  BOOST_CHECK(read["pruned"][1]["values"] == json({{"0", "-inf"}, {"1", "3.25"}}));
  BOOST_CHECK(read["pruned"][2]["values"] == json({{"0", "5.0"}}));
  BOOST_CHECK(read["complete"][1] == json({{0, 2.0}, {1, 2.25}, {2, 2.5}, {3, 2.75}}));
  BOOST_CHECK_EQUAL(read["after"], 8);
  BOOST_CHECK_EQUAL(read["best"], 0);

  const auto again = file.read(one);
  BOOST_CHECK(again[3].state == TrialState::pruned);
  BOOST_CHECK(again[3].values.empty());
  BOOST_CHECK_EQUAL(again[3].intermediates.size(), 2);
  BOOST_CHECK(std::isinf(again[3].intermediates[0].value));
  BOOST_CHECK(std::isnan(again[1].intermediates[0].value));
  BOOST_CHECK(*again[3].system_attributes.find("completed_rung_0") == Value(3.25));
}
