// Trials that are given up while they train: the loop's part of it, on learning curves in a
// formula.
#include "tests/search/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace {

using namespace lathe_test;

constexpr std::int64_t kEpochs = 8;

// Accuracy that rises towards what formula() gives, reported after each of eight epochs.
Scalars trained(int worker, std::uint64_t trial, std::span<const double> point,
                const std::atomic<bool>&, const Report& report) {
  std::this_thread::sleep_for(std::chrono::microseconds(
      (trial * 7919 + static_cast<std::uint64_t>(worker) * 104729) % 700));
  Scalars scalars = formula(point);
  const double accuracy = scalars.software.find("accuracy")->as_float();
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const double reached = accuracy * (1 - std::exp(-1.0 - static_cast<double>(epoch)));
    if (report(epoch, reached) && epoch + 1 < kEpochs) {
      scalars.pruned = true;
      return scalars;
    }
  }
  return scalars;
}

// With those options of the pruner, eg: {{"n_startup_trials", 1}}.
SearchOptions pruning(const std::string& pruner, bool one_objective = false,
                      Value::Map pruner_options = {}) {
  SearchOptions options = two_objectives();
  if (one_objective) options.metrics.resize(1);
  if (pruner == "successive_halving") {
    pruner_options.emplace_back("min_resource", 1);
    pruner_options.emplace_back("reduction_factor", 2);
  }
  options.pruner = choose_pruner({pruner, Value(std::move(pruner_options)), {}}, options.metrics);
  return options;
}

std::size_t count(const SearchResult& result, TrialState state) {
  return static_cast<std::size_t>(std::count_if(result.trials.begin(), result.trials.end(),
                                                [&](const Trial& t) { return t.state == state; }));
}

// The log, and what was watched.
std::string everything(const SearchOptions& options, const SearchResult& result) {
  std::string text = log_of(options, result);
  for (const Trial& trial : result.trials) {
    text += fmt::format("\n{}:", trial.number);
    for (const auto& [step, value] : trial.intermediates)
      text += fmt::format(" {}={}", step, value);
    for (double rung : trial.rungs) text += fmt::format(" [{}]", rung);
  }
  return text;
}

// Suggests one point after the other and writes down what it is told.
class Listener final : public Sampler {
 public:
  struct Told {
    std::uint64_t trial;
    lathe_trial_state state;
    std::vector<double> values;
    std::vector<std::int64_t> steps;
    std::vector<double> intermediate;
  };
  bool suggest(std::uint64_t trial, std::uint64_t, std::span<double> point) override {
    for (std::size_t p = 0; p < point.size(); ++p)
      point[p] = static_cast<double>((trial * 7 + p * trial) % 3);
    return true;
  }
  void started(std::uint64_t, std::span<const double>) override {}
  void finished(const TrialOutcome& outcome) override {
    told.push_back({outcome.trial,
                    outcome.state,
                    {outcome.values.begin(), outcome.values.end()},
                    {outcome.steps.begin(), outcome.steps.end()},
                    {outcome.intermediate.begin(), outcome.intermediate.end()}});
  }
  bool reads_values() const override { return false; }

  std::vector<Told> told;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pruning_loop)

BOOST_AUTO_TEST_CASE(any_number_of_workers_gives_up_the_same_trials) {
  for (const bool one : {false, true}) {
    for (const std::string pruner : {"median", "successive_halving"}) {
      SearchOptions options = pruning(pruner, one);
      const SearchResult alone = search(options, nullptr, trained);
      BOOST_TEST(count(alone, TrialState::pruned) > 5U);
      BOOST_TEST(count(alone, TrialState::complete) > 5U);
      BOOST_TEST(count(alone, TrialState::fail) == 0U);
      for (const int jobs : {2, 4, 8}) {
        options.jobs = jobs;
        BOOST_TEST(
            (everything(options, search(options, nullptr, trained)) == everything(options, alone)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_search_resumed_from_any_moment_gives_up_the_same_trials) {
  for (const std::string pruner : {"median", "successive_halving"}) {
    SearchOptions options = pruning(pruner);
    options.jobs = 3;
    MemoryStudy whole(described(options));
    const std::string expected = everything(options, search(options, &whole, trained));
    std::mt19937_64 random(2);
    for (int i = 0; i < 10; ++i) {
      MemoryStudy study(whole.description());
      study.stored = whole.stored;
      study.stored.resize(random() % whole.stored.size());
      for (std::size_t back = 1; back <= std::min<std::size_t>(random() % 4, study.stored.size());
           ++back) {
        StoredTrial& trial = study.stored[study.stored.size() - back];
        trial.state = TrialState::running;
        trial.values.clear();
        trial.user_attributes = Value(Value::Map{});
        trial.system_attributes = Value(Value::Map{});
      }
      BOOST_TEST((everything(options, search(options, &study, trained)) == expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_decision_sees_only_trials_older_than_the_lookahead) {
  SearchOptions options = pruning("successive_halving");
  options.n_trials = 40;
  options.repeat = true;
  const SearchSpace space = small_space();
  const auto curve = [&](std::uint64_t spoiled) {
    const Evaluate evaluate = [spoiled](int worker, std::uint64_t trial,
                                        std::span<const double> point,
                                        const std::atomic<bool>& stop, const Report& report) {
      // One trial that looks excellent: every later median that knows of it is higher.
      const Report lifted = [&](std::int64_t step, double value) {
        return report(step, trial == spoiled ? 100 + value : value);
      };
      return trained(worker, trial, point, stop, lifted);
    };
    Listener sampler;
    const SearchResult result = run_trials(options, space, sampler, nullptr, evaluate, {}, never());
    std::vector<std::size_t> lengths;
    for (const Trial& trial : result.trials) lengths.push_back(trial.intermediates.size());
    return lengths;
  };
  const auto plain = curve(1000), spoiled = curve(10);
  for (std::size_t i = 0; i <= 14; ++i)
    if (i != 10) BOOST_TEST(plain[i] == spoiled[i]);
  BOOST_TEST((plain != spoiled));
}

BOOST_AUTO_TEST_CASE(a_sampler_hears_of_a_pruned_trial_in_the_terms_of_its_objective) {
  // The validation loss goes down, the objective up.
  SearchOptions options =
      pruning("median", true, {{"watch", "validation_loss"}, {"n_startup_trials", 1}});
  options.lookahead = 1;
  const SearchSpace space = small_space();
  Listener sampler;
  const Evaluate evaluate = [](int, std::uint64_t trial, std::span<const double> point,
                               const std::atomic<bool>&, const Report& report) {
    Scalars scalars = formula(point);
    report(0, static_cast<double>(trial));
    scalars.pruned = report(1, static_cast<double>(trial) + 0.5);
    return scalars;
  };
  const SearchResult result = run_trials(options, space, sampler, nullptr, evaluate, {}, never());
  BOOST_TEST((result.trials[0].state == TrialState::complete));
  BOOST_TEST((result.trials[2].state == TrialState::pruned));
  BOOST_REQUIRE(sampler.told.size() > 3);
  BOOST_TEST(sampler.told[0].state == LATHE_STATE_COMPLETE);
  BOOST_TEST(sampler.told[2].state == LATHE_STATE_PRUNED);
  BOOST_TEST(sampler.told[2].values.empty());
  BOOST_TEST((sampler.told[2].steps == std::vector<std::int64_t>{0, 1}));
  BOOST_TEST((sampler.told[2].intermediate == std::vector<double>{-2, -2.5}));
  BOOST_TEST(sampler.told[0].values.size() == 1U);
  BOOST_TEST((sampler.told[0].intermediate == std::vector<double>{0, -0.5}));
  BOOST_TEST(result.trials[2].intermediates.back().value == 2.5);
}

BOOST_AUTO_TEST_CASE(the_log_says_pruned_and_has_no_values) {
  const SearchOptions options = pruning("median");
  const SearchResult result = search(options, nullptr, trained);
  const auto log = nlohmann::json::parse(log_of_search(options, result));
  std::size_t seen = 0;
  for (const Trial& trial : result.trials) {
    const auto& row = log.at(std::to_string(trial.number));
    if (trial.state != TrialState::pruned) continue;
    ++seen;
    BOOST_TEST(row.at("state") == "PRUNED");
    BOOST_TEST(row.at("values_0").is_null());
    BOOST_TEST(row.at("user_attrs_software_metrics").is_null());
    BOOST_TEST(!row.at("user_attrs_sampled_config").is_null());
    BOOST_TEST(!row.contains("user_attrs_error"));
  }
  BOOST_TEST(seen > 5U);
}

BOOST_AUTO_TEST_CASE(a_study_keeps_the_curve_of_every_trial_and_the_rungs) {
  const SearchOptions options = pruning("successive_halving");
  MemoryStudy study(described(options));
  const SearchResult result = search(options, &study, trained);
  for (const Trial& trial : result.trials) {
    const StoredTrial& stored = study.stored[trial.number];
    BOOST_TEST((stored.state == trial.state));
    BOOST_TEST(stored.intermediates.size() == trial.intermediates.size());
    for (std::size_t rung = 0; rung < trial.rungs.size(); ++rung)
      BOOST_TEST((*stored.system_attributes.find(fmt::format("completed_rung_{}", rung)) ==
                  Value(trial.rungs[rung])));
  }
}

BOOST_AUTO_TEST_CASE(a_study_begun_with_another_pruner_is_another_study) {
  const auto attributes = [](const SearchOptions& options) {
    return described(options).user_attributes.text();
  };
  BOOST_TEST(attributes(pruning("median")) != attributes(pruning("none")));
  const SearchOptions patient = pruning("median", false, {{"n_warmup_steps", 3}});
  BOOST_TEST(attributes(pruning("median")) != attributes(patient));
}

BOOST_AUTO_TEST_SUITE_END()
