// Decisions of the pruners against Optuna's on the same histories, and what is watched.
#include "core/search/plan/pruner.hpp"
#include "tests/search/fakes.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

using json = nlohmann::json;

PrunerChoice chosen(const std::string& text,
                    const std::vector<Metric>& metrics = two_objectives().metrics) {
  return choose_pruner(parse_component(text, "--pruner"), metrics);
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    BOOST_TEST((error.blame() == Blame::usage));
    return error.what();
  }
  return "nothing was refused";
}

// 'median<n_startup_trials=2>' as Optuna's arguments say, watching one metric of that direction.
PrunerChoice like(const json& study) {
  Value options{Value::Map{}};
  for (const auto& [key, value] : study.at("options").items())
    options.set(key, value.is_number_float() ? Value(value.get<double>())
                                             : Value(value.get<std::int64_t>()));
  const Metric accuracy{
      "accuracy",
      1.0,
      study.at("direction") == "maximize" ? LATHE_DIRECTION_MAXIMIZE : LATHE_DIRECTION_MINIMIZE,
      {}};
  return choose_pruner({study.at("pruner"), options, {}}, std::span(&accuracy, 1));
}

TrialState state_of(const std::string& word) {
  return word == "COMPLETE" ? TrialState::complete
         : word == "PRUNED" ? TrialState::pruned
                            : TrialState::fail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pruners)

BOOST_AUTO_TEST_CASE(decisions_and_rungs_are_optunas_on_the_same_histories) {
  std::size_t decisions = 0, pruned = 0;
  const json golden = golden_json("pruners.json");
  for (const json& study : golden.at("studies")) {
    const std::unique_ptr<Pruner> pruner = like(study).make();
    std::deque<Trial> trials;
    std::vector<const Trial*> told;
    for (const json& expected : study.at("trials")) {
      BOOST_TEST_CONTEXT(study.at("pruner")
                         << " " << study.at("options") << " " << study.at("direction") << ", trial "
                         << trials.size()) {
        Trial& trial = trials.emplace_back();
        trial.number = trials.size() - 1;
        std::vector<bool> decided;
        for (const json& report : expected.at("reports")) {
          const double value = report[1].is_null() ? std::nan("") : report[1].get<double>();
          trial.intermediates.push_back({report[0].get<std::int64_t>(), value});
          decided.push_back(pruner->prune(trial, told));
          ++decisions;
          pruned += decided.back() ? 1 : 0;
        }
        BOOST_TEST(decided == expected.at("decisions").get<std::vector<bool>>(),
                   boost::test_tools::per_element());
        BOOST_TEST(trial.rungs == expected.at("rungs").get<std::vector<double>>(),
                   boost::test_tools::per_element());
        trial.state = state_of(expected.at("state"));
      }
      told.push_back(&trials.back());
    }
  }
  BOOST_TEST_MESSAGE(decisions << " decisions, " << pruned << " of them to give up");
  BOOST_TEST(pruned > 1000U);
}

BOOST_AUTO_TEST_CASE(without_a_pruner_nothing_is_given_up) {
  BOOST_TEST((PrunerChoice().make() == nullptr));
  BOOST_TEST((chosen("none").make() == nullptr));
}

BOOST_AUTO_TEST_CASE(the_first_metric_is_watched_if_a_validation_knows_it) {
  const auto watch_of = [](const std::vector<Metric>& metrics) {
    return chosen("median", metrics).watch();
  };
  const Watch accuracy = watch_of({{"accuracy", 2.0, LATHE_DIRECTION_MAXIMIZE, {}},
                                   {"loss", 1.0, LATHE_DIRECTION_MINIMIZE, {}}});
  BOOST_TEST((accuracy.source == Watch::Source::epoch));
  BOOST_TEST(accuracy.name == "validation_accuracy");
  BOOST_TEST((accuracy.direction == LATHE_DIRECTION_MAXIMIZE));
  BOOST_TEST(accuracy.scale == 2.0);

  const Watch loss = watch_of({{"loss", -1.0, LATHE_DIRECTION_MAXIMIZE, {}}});
  BOOST_TEST((loss.source == Watch::Source::epoch));
  BOOST_TEST(loss.name == "validation_loss");
  BOOST_TEST((loss.direction == LATHE_DIRECTION_MAXIMIZE));

  const Watch explained = watch_of({{"r2", 1.0, LATHE_DIRECTION_MAXIMIZE, {}}});
  BOOST_TEST(explained.name == "validation_r2");

  // A validation knows it, but not at every epoch's end.
  const Watch macro = watch_of({{"accuracy_macro", 1.0, LATHE_DIRECTION_MAXIMIZE, {}}});
  BOOST_TEST(macro.name == "validation_loss");

  const Watch other = watch_of({{"average_bitwidth", 1.0, LATHE_DIRECTION_MAXIMIZE, {}}});
  BOOST_TEST((other.source == Watch::Source::epoch));
  BOOST_TEST(other.name == "validation_loss");
  BOOST_TEST((other.direction == LATHE_DIRECTION_MINIMIZE));
}

BOOST_AUTO_TEST_CASE(what_is_watched_can_be_named) {
  const Watch accuracy = chosen("median<watch=validation_accuracy>").watch();
  BOOST_TEST((accuracy.source == Watch::Source::epoch));
  BOOST_TEST(accuracy.name == "validation_accuracy");
  BOOST_TEST((accuracy.direction == LATHE_DIRECTION_MAXIMIZE));
  const Watch loss = chosen("successive_halving<watch=validation_loss>").watch();
  BOOST_TEST((loss.direction == LATHE_DIRECTION_MINIMIZE));
  const Watch error = chosen("median<watch=validation_mae>").watch();
  BOOST_TEST(error.name == "validation_mae");
  BOOST_TEST((error.direction == LATHE_DIRECTION_MINIMIZE));
  const Watch explained = chosen("median<watch=validation_r2>").watch();
  BOOST_TEST((explained.direction == LATHE_DIRECTION_MAXIMIZE));
  const Watch metric = chosen("median<watch=average_bitwidth>").watch();
  BOOST_TEST((metric.source == Watch::Source::runners));
  BOOST_TEST(metric.name == "average_bitwidth");
  BOOST_TEST(metric.scale == 0.2);
  BOOST_TEST((metric.direction == LATHE_DIRECTION_MINIMIZE));
}

BOOST_AUTO_TEST_CASE(optunas_word_for_an_estimated_resource_is_known) {
  BOOST_TEST(
      chosen("successive_halving<min_resource=auto>").options().find("min_resource")->is_none());
  BOOST_TEST(chosen("hyperband<max_resource=auto>").options().find("max_resource")->is_none());
}

BOOST_AUTO_TEST_CASE(what_a_pruner_cannot_take_is_refused) {
  const struct {
    std::string pruner, says;
  } rows[] = {
      {"meduan", "there is no pruner 'meduan'; did you mean 'median'?"},
      {"hyperban", "did you mean 'hyperband'?"},
      {"percentile", "percentile"},
      {"percentile<percentile=101>", "takes a number in 0..100"},
      {"median<percentile=20>", "unknown option 'percentile' of pruner 'median'"},
      {"median<n_startup_trails=3>", "did you mean 'n_startup_trials'?"},
      {"median<interval_steps=0>", "takes an integer in 1.."},
      {"median<n_warmup_steps=-1>", "takes an integer in 0.."},
      {"median<n_startup_trials=a>", "option 'n_startup_trials' of pruner 'median'"},
      {"successive_halving<reduction_factor=1>", "takes an integer in 2.."},
      {"successive_halving<min_resource=0>", "takes an integer in 1.."},
      {"successive_halving<bootstrap_count=2>", "needs a min_resource"},
      {"hyperband<bootstrap_count=2>", "needs a max_resource"},
      {"hyperband<min_resource=auto>", "option 'min_resource' of pruner 'hyperband'"},
      {"hyperband<max_resource=0>", "takes an integer in 1.."},
      {"hyperband<min_resource=4,max_resource=3>", "less than min_resource = 4"},
      {"none<x=1>", "unknown option 'x' of pruner 'none'"},
      {"median<watch=accurcay>", "did you mean 'accuracy'?"},
  };
  for (const auto& row : rows) {
    const std::string said = message_of([&] { chosen(row.pruner); });
    BOOST_TEST(said.find(row.says) != std::string::npos, row.pruner << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
