// Searches whose trials train: the same as training by hand, and the same however they are run.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::filesystem::path results_of(const std::filesystem::path& folder, const std::string& project) {
  return folder / project / "software/search_ckpts";
}

// A search of jsc-toy on synthetic jets; `strategy` and `rates` are TOML.
std::string search_file(const std::filesystem::path& folder, const std::string& rates,
                        const std::string& train, const std::string& setup) {
  write_file(folder / "search.toml",
             "model = 'jsc-toy'\n"
             "dataset = 'jsc-sim'\n"
             "batch_size = 64\n"
             "[search.search_space.training]\n" +
                 rates +
                 "[search.strategy]\n"
                 "eval_mode = false\n"
                 "sw_runner.basic_train = { " +
                 train +
                 " }\n"
                 "setup = { " +
                 setup +
                 " }\n"
                 "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"
                 "metrics.loss = { scale = 1.0, direction = 'minimize' }\n");
  return "search.toml";
}

Words search(const std::string& file, const std::string& project, const Words& more = {}) {
  Words words{"search", "--config", file, "--project-dir", ".", "--project", project};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const std::string kRates =
    "learning_rate = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001]\n"
    "weight_decay = [0.0, 0.1, 1.0]\n"
    "training_optimizer = ['adam', 'adamw', 'sgd']\n";
const std::string kTrain = "max_epochs = 6, lr_scheduler = 'linear', num_warmup_steps = 20";

std::size_t states(const std::filesystem::path& log, const std::string& state) {
  std::size_t count = 0;
  for (const auto& trial : nlohmann::json::parse(read_file(log)))
    count += trial.at("state") == state ? 1 : 0;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(searching_with_training)

BOOST_AUTO_TEST_CASE(a_trial_that_trains_equals_lathe_train_and_lathe_test) {
  TemporaryFolder folder;
  const std::string file = search_file(
      folder.path(), "learning_rate = [0.02]\n",
      "max_epochs = 3, batch_size = 48, optimizer = 'adamw', weight_decay = 0.01, lr_scheduler = "
      "'cosine', num_warmup_steps = 11, gradient_accumulation_steps = 2, data_loader = "
      "'test_dataloader'",
      "n_trials = 1, sampler = 'random'");
  const auto best = succeed(search(file, "search", {"--seed", "5", "--json"}), folder.path())
                        .json()
                        .at("best")
                        .at(0)
                        .at("software_metrics");
  succeed({"train",   "jsc-toy",
           "jsc-sim", "--max-epochs",
           "3",       "--batch-size",
           "48",      "--training-optimizer",
           "adamw",   "--weight-decay",
           "0.01",    "--lr-scheduler",
           "cosine",  "--num-warmup-steps",
           "11",      "--accumulate-grad-batches",
           "2",       "--learning-rate",
           "0.02",    "--seed",
           "5",       "--cpu",
           "1",       "--project-dir",
           ".",       "--project",
           "train"},
          folder.path());
  const auto tested =
      succeed(
          {"test", "jsc-toy", "jsc-sim", "--load", "train/software/training_ckpts/best.safetensors",
           "--batch-size", "48", "--cpu", "1", "--project-dir", ".", "--project", "test", "--json"},
          folder.path())
          .json()
          .at("metrics");
  BOOST_TEST(best.at("samples") == tested.at("samples"));
  BOOST_TEST(best.at("accuracy").get<double>() == tested.at("accuracy").get<double>());
  BOOST_TEST(best.at("accuracy_macro").get<double>() == tested.at("accuracy_macro").get<double>());
  BOOST_TEST(best.at("loss").get<double>() == tested.at("loss").get<double>());
  BOOST_TEST(best.at("accuracy").get<double>() > 0.3);
}

BOOST_AUTO_TEST_CASE(what_the_command_line_says_of_a_training_goes_before_the_file) {
  TemporaryFolder folder;
  const std::string file =
      search_file(folder.path(), "weight_decay = [0.0]\n", "max_epochs = 50, learning_rate = 0.02",
                  "n_trials = 1, sampler = 'random'");
  succeed(search(file, "one", {"--max-epochs", "2"}), folder.path());
  succeed(search(file, "two", {"--set", "search.strategy.sw_runner.basic_train.max_epochs=2"}),
          folder.path());
  BOOST_TEST(log_without_times(results_of(folder.path(), "one") / "log.json") ==
             log_without_times(results_of(folder.path(), "two") / "log.json"));
}

BOOST_AUTO_TEST_CASE(the_same_trials_are_given_up_by_one_two_and_four_workers) {
  TemporaryFolder folder;
  for (const std::string pruner :
       {"median<n_startup_trials=3>", "successive_halving<min_resource=1,reduction_factor=2>"}) {
    const std::string file = search_file(
        folder.path(), kRates, kTrain, "n_trials = 40, sampler = 'tpe', pruner = '" + pruner + "'");
    std::vector<std::string> logs;
    for (const std::string jobs : {"1", "2", "4"}) {
      const std::string project = pruner.substr(0, 4) + jobs;
      succeed(search(file, project, {"--jobs", jobs, "--seed", "2"}), folder.path());
      const auto log = results_of(folder.path(), project) / "log.json";
      logs.push_back(log_without_times(log));
      BOOST_TEST(states(log, "PRUNED") > 5U);
      BOOST_TEST(states(log, "COMPLETE") > 5U);
      BOOST_TEST(states(log, "FAIL") == 0U);
    }
    BOOST_TEST((logs[0] == logs[1]));
    BOOST_TEST((logs[0] == logs[2]));
  }
}

BOOST_AUTO_TEST_CASE(a_report_counts_pruned_trials_apart_from_failed_ones) {
  TemporaryFolder folder;
  const std::string file =
      search_file(folder.path(), kRates, kTrain, "n_trials = 30, sampler = 'random'");
  const Words pruner{"--pruner", "median<n_startup_trials=3>"};
  const auto json =
      succeed(search(file, "json", {pruner[0], pruner[1], "--json"}), folder.path()).json();
  const auto pruned = json.at("pruned_trials").get<std::size_t>();
  BOOST_TEST(pruned > 5U);
  BOOST_TEST(json.at("failed_trials") == 0);
  BOOST_TEST(json.at("trials") == 30);
  const Outcome shown = succeed(search(file, "text", pruner), folder.path());
  BOOST_TEST(shown.out.find("30 trials, " + std::to_string(pruned) + " pruned") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_study_does_not_go_on_with_another_training) {
  TemporaryFolder folder;
  const std::string file = search_file(folder.path(), "weight_decay = [0.0, 0.1]\n",
                                       "max_epochs = 1", "n_trials = 2, sampler = 'random'");
  succeed(search(file, "one"), folder.path());
  for (const Words& more :
       {Words{"--learning-rate", "0.5"}, Words{"--max-epochs", "2"}, Words{"--pruner", "median"}}) {
    const Outcome refused = run_lathe(search(file, "one", more), folder.path());
    BOOST_TEST(refused.exit_code == 2);
    BOOST_TEST(refused.err.find("was begun with") != std::string::npos, refused.err);
  }
}

BOOST_AUTO_TEST_CASE(layers_without_trained_weights_are_named_once_where_nothing_trains) {
  TemporaryFolder folder;
  write_file(folder.path() / "evaluate.toml",
             "model = 'jsc-toy'\n"
             "dataset = 'jsc-sim'\n"
             "[search.search_space]\n"
             "setup.by = 'type'\n"
             "seed.default.config.name = ['NA']\n"
             "seed.linear.config = { name = ['integer'], weight_width = [2, 4, 8] }\n"
             "[search.strategy]\n"
             "eval_mode = true\n"
             "sw_runner.basic_evaluation.num_samples = 64\n"
             "setup = { n_trials = 5, sampler = 'random' }\n"
             "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n");
  const Outcome fresh = succeed(search("evaluate.toml", "fresh", {"--json"}), folder.path());
  const std::string said = "eval_mode = true evaluates layers that nothing has trained";
  const std::size_t first = fresh.err.find(said);
  BOOST_REQUIRE(first != std::string::npos);
  BOOST_TEST(fresh.err.find(said, first + 1) == std::string::npos);
  BOOST_TEST(fresh.err.find("'seq_blocks_2'", first) != std::string::npos);
  BOOST_TEST(!fresh.json().at("provenance").at("untrained_layers").empty());

  succeed({"train", "jsc-toy", "jsc-sim", "--max-epochs", "1", "--project-dir", ".", "--project",
           "train"},
          folder.path());
  const Outcome trained =
      succeed(search("evaluate.toml", "trained",
                     {"--load", "train/software/training_ckpts/best.safetensors", "--json"}),
              folder.path());
  BOOST_TEST(trained.err.find("nothing has trained") == std::string::npos, trained.err);
  BOOST_TEST(!trained.json().at("provenance").contains("untrained_layers"));
}

BOOST_AUTO_TEST_SUITE_END()
