// Losses from the command line: what a regression trains, tests, sweeps and searches with, and what
// is refused before anything is computed.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

// Rows x0, x1, x2 and price = 3 x0 - 2 x1 + 0.5 + a little of x2.
std::string houses(int rows, int salt) {
  std::string text = "x0,x1,x2,price\n";
  for (int i = 0; i < rows; ++i) {
    const double x0 = std::sin(1.0 + 7.0 * i + salt), x1 = std::cos(2.0 + 5.0 * i + salt);
    const double x2 = std::sin(3.0 + 3.0 * i * (salt + 1));
    text +=
        fmt::format("{:.6f},{:.6f},{:.6f},{:.6f}\n", x0, x1, x2, 3 * x0 - 2 * x1 + 0.5 + 0.1 * x2);
  }
  return text;
}

const std::string kHouses =
    "csv<train=train.csv,validation=validation.csv,test=test.csv,label=price,target=float>";

struct Houses {
  Houses() {
    write_file(folder.path() / "train.csv", houses(120, 1));
    write_file(folder.path() / "validation.csv", houses(40, 2));
    write_file(folder.path() / "test.csv", houses(30, 3));
  }
  Words with(const std::string& command, const Words& more) const {
    Words words{command, "mlp<hidden=[8]>", kHouses, "--batch-size", "30", "--seed",
                "1",     "--project-dir",   ".",     "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string refusal(const std::string& command, const Words& more) const {
    const Outcome outcome = run_lathe(with(command, more), folder.path());
    BOOST_TEST(outcome.exit_code == 2, outcome.err);
    return outcome.last_line();
  }
  // A search over the widths of linear layers that minimises or maximises a metric.
  std::string search(const std::string& metrics, const std::string& more = "") const {
    write_file(folder.path() / "search.toml",
               "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
               "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
               "[search.search_space.seed.linear.config]\nname = ['integer']\n"
               "data_in_width = [8]\ndata_in_frac_width = ['NA']\nweight_width = [2, 8]\n"
               "weight_frac_width = ['NA']\nbias_width = [8]\nbias_frac_width = ['NA']\n"
               "[search.strategy]\nname = 'optuna'\n" +
                   more +
                   "setup.sampler = 'brute'\nsetup.n_trials = 2\n"
                   "setup.sum_scaled_metrics = false\n" +
                   metrics);
    return "search.toml";
  }
  TemporaryFolder folder;
};

const std::string kEvaluates = "sw_runner.basic_evaluation.num_samples = 40\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(a_regression_is_trained_and_tested_by_its_errors) {
  const Houses at;
  const Outcome run =
      good(at.with("train", {"--max-epochs", "25", "--learning-rate", "0.02", "--project", "p"}),
           at.folder.path());
  const auto metrics = run.json().at("metrics");
  for (const char* name : {"loss", "mae", "r2", "train_loss", "train_mae", "train_r2",
                           "best_validation_loss", "best_validation_mae", "best_validation_r2"})
    BOOST_TEST(metrics.contains(name), name);
  BOOST_TEST(!metrics.contains("accuracy"));
  BOOST_TEST(!metrics.contains("train_accuracy"));
  BOOST_TEST(metrics.at("r2").get<double>() > 0.9);
  BOOST_TEST(contains(run.err, "validation loss"), run.err);
  BOOST_TEST(contains(run.err, " mae "), run.err);
  BOOST_TEST(!contains(run.err, "accuracy"), run.err);

  const fs::path results = at.folder.path() / "p" / "software" / "training_ckpts";
  const std::string csv = read_file(results / "metrics.csv");
  BOOST_TEST(csv.substr(0, csv.find('\n')) ==
             "epoch,train_loss,train_mae,train_r2,validation_loss,validation_mae,validation_r2,"
             "learning_rate");
  BOOST_TEST(std::count(csv.begin(), csv.end(), '\n') == 26);

  const std::string weights = (results / "best.safetensors").string();
  const auto tested = good(at.with("test", {"--load", weights}), at.folder.path()).json();
  BOOST_TEST(tested.at("metrics").at("mae") == metrics.at("mae"));
  BOOST_TEST(tested.at("metrics").at("r2") == metrics.at("r2"));

  const auto passes =
      good(at.with("transform", {"--load", weights, "--passes", "evaluate<split=test>"}),
           at.folder.path())
          .json()
          .at("passes");
  BOOST_TEST(passes.at(0).at("scalars").at("mae") == metrics.at("mae"));
  BOOST_TEST(!passes.at(0).at("scalars").contains("accuracy"));
}

BOOST_AUTO_TEST_CASE(a_sweep_of_regressions_has_their_columns) {
  const Houses at;
  write_file(at.folder.path() / "sweep.toml", "[sweep]\nlearning_rate = [1e-2, 1e-3]\n");
  const auto run =
      good(at.with("train", {"--config", "sweep.toml", "--max-epochs", "1"}), at.folder.path())
          .json();
  const auto& row = run.at("tables").at("sweep").at(1);
  for (const char* column : {"train_loss", "train_mae", "train_r2", "best_validation_r2", "loss",
                             "mae", "r2", "seconds"})
    BOOST_TEST(row.contains(column), column);
  BOOST_TEST(!row.contains("accuracy"));
}

BOOST_AUTO_TEST_CASE(a_loss_that_does_not_fit_is_refused_before_any_work) {
  const Houses at;
  const std::string classes = at.refusal("train", {"--loss", "cross_entropy"});
  BOOST_TEST(contains(classes, "the loss cross_entropy needs"), classes);
  BOOST_TEST(contains(classes, "float32"), classes);
  const std::string misspelt = at.refusal("train", {"--loss", "msa"});
  BOOST_TEST(contains(misspelt, "mse"), misspelt);
  write_file(at.folder.path() / "loss.toml", "loss = 'cross_entropy'\n");
  const std::string in_file =
      at.refusal("transform", {"--config", "loss.toml", "--passes", "evaluate"});
  BOOST_TEST(contains(in_file, "the loss cross_entropy needs"), in_file);
}

BOOST_AUTO_TEST_CASE(a_regression_is_searched_by_what_it_explains) {
  const Houses at;
  const std::string file =
      at.search("metrics.r2 = { scale = 1.0, direction = 'maximize' }\n", kEvaluates);
  const auto run =
      good(at.with("search", {"--config", file, "--project", "s"}), at.folder.path()).json();
  const std::string log =
      read_file(at.folder.path() / "s" / "software" / "search_ckpts" / "log.json");
  BOOST_TEST(contains(log, "\"r2\""), log);
  BOOST_TEST(contains(log, "\"mae\""), log);
  BOOST_TEST(!contains(log, "accuracy"), log);
}

BOOST_AUTO_TEST_CASE(metrics_of_another_loss_are_refused_before_the_first_trial) {
  const Houses at;
  const std::string metric =
      at.search("metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n", kEvaluates);
  const std::string refused = at.refusal("search", {"--config", metric, "--project", "a"});
  BOOST_TEST(contains(refused, "'accuracy'"), refused);
  BOOST_TEST(contains(refused, "the loss mse"), refused);
  BOOST_TEST(contains(refused, "loss, mae, r2, samples"), refused);

  const std::string watch = at.search("metrics.mae = { scale = 1.0, direction = 'minimize' }\n",
                                      "sw_runner.basic_train.max_epochs = 1\n"
                                      "setup.pruner = 'median<watch=validation_accuracy>'\n");
  const std::string watched = at.refusal("search", {"--config", watch, "--project", "b"});
  BOOST_TEST(contains(watched, "validation_accuracy"), watched);
  BOOST_TEST(contains(watched, "the loss mse"), watched);
}

BOOST_AUTO_TEST_CASE(a_study_keeps_its_loss) {
  const Houses at;
  const std::string file =
      at.search("metrics.loss = { scale = 1.0, direction = 'minimize' }\n", kEvaluates);
  good(at.with("search", {"--config", file, "--project", "s"}), at.folder.path());
  good(at.with("search", {"--config", file, "--project", "s", "--resume", "--loss", "mse"}),
       at.folder.path());
}

BOOST_AUTO_TEST_CASE(the_batch_size_changes_no_loss_and_no_best_epoch) {
  const Houses at;
  write_file(at.folder.path() / "validation.csv", houses(129, 2));
  std::set<std::string> weights, losses;
  for (const char* rows : {"64", "128", "129", "500"}) {
    const std::string project = std::string("p") + rows;
    good(at.with("train", {"--max-epochs", "6", "--learning-rate", "0.05",
                           "--evaluation-batch-size", rows, "--project", project}),
         at.folder.path());
    const fs::path results = at.folder.path() / project / "software" / "training_ckpts";
    weights.insert(read_file(results / "best.safetensors") +
                   read_file(results / "last.safetensors") + read_file(results / "metrics.csv"));
    for (const char* option : {"--batch-size", "--evaluation-batch-size"}) {
      const auto tested = good({"test", "mlp<hidden=[8]>", kHouses, "--split", "validation",
                                "--load", (results / "best.safetensors").string(), option, rows,
                                "--project-dir", ".", "--project", "t", "--json"},
                               at.folder.path())
                              .json();
      losses.insert(tested.at("metrics").at("loss").dump() + tested.at("metrics").at("r2").dump());
    }
  }
  BOOST_TEST(weights.size() == 1U);
  BOOST_TEST(losses.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_run_begins_with_the_data_it_works_on) {
  const Houses at;
  const Outcome trained =
      good(at.with("train", {"--max-epochs", "1", "--project", "p"}), at.folder.path());
  const std::string line =
      "rows: 120 train, 40 validation, 30 test; features: samples float32 [3] (x0, x1, x2); "
      "target: "
      "targets float32 [1], numbers\n";
  BOOST_TEST(contains(trained.err, line), trained.err);
  BOOST_TEST(trained.err.find(line) < trained.err.find("epoch 1/1"), trained.err);
  const auto data = trained.json().at("data");
  BOOST_TEST(data.at("rows").dump() == R"({"test":30,"train":120,"validation":40})");
  BOOST_TEST(data.at("inputs").at(0).at("shape").dump() == "[3]");
  BOOST_TEST(data.at("inputs").at(0).at("feature_names").dump() == R"(["x0","x1","x2"])");
  BOOST_TEST(!data.at("target").contains("classes"));

  const std::string weights =
      (at.folder.path() / "p" / "software" / "training_ckpts" / "best.safetensors").string();
  const Outcome tested = good(at.with("test", {"--load", weights}), at.folder.path());
  BOOST_TEST(contains(tested.err, "rows: 30 test; features: "), tested.err);
  BOOST_TEST(tested.json().at("data").at("rows").dump() == R"({"test":30})");

  write_file(at.folder.path() / "colours.csv", "a,b,class\n1,2,red\n3,4,blue\n5,6,red\n");
  const Outcome classes =
      good({"train", "mlp<hidden=[4]>", "csv<train=colours.csv>", "--max-epochs", "1",
            "--project-dir", ".", "--project", "c", "--json"},
           at.folder.path());
  BOOST_TEST(contains(classes.err, "rows: 3 train, 0 validation, 0 test; features: "), classes.err);
  BOOST_TEST(contains(classes.err, ", 2 classes (blue, red)\n"), classes.err);
  BOOST_TEST(classes.json().at("data").at("target").at("class_names").dump() ==
             R"(["blue","red"])");
}

// The rate is so high that some epoch is worse than the one before.
BOOST_AUTO_TEST_CASE(a_training_that_no_longer_improves_stops_and_says_so) {
  const Houses at;
  const Words words =
      at.with("train", {"--max-epochs", "200", "--learning-rate", "0.1", "--lr-scheduler",
                        "constant", "--early-stopping", "2", "--project", "p"});
  const Outcome run = good(words, at.folder.path());
  const auto report = run.json();
  const auto epochs = report.at("metrics").at("epochs").get<std::int64_t>();
  const auto best = report.at("metrics").at("best_epoch").get<std::int64_t>();
  BOOST_TEST(epochs < 200);
  BOOST_TEST(best == epochs - 2);
  BOOST_TEST(report.at("stopped_early") == true);
  const std::string line = fmt::format(
      "stopped early after epoch {} of 200: the validation loss has not improved for 2 epochs; the "
      "lowest is {:.4f}, of epoch {}",
      epochs, report.at("metrics").at("best_validation_loss").get<double>(), best);
  BOOST_TEST(contains(run.err, line), run.err);

  Words again = words;
  again.push_back("--resume");
  const Outcome resumed = good(again, at.folder.path());
  BOOST_TEST(resumed.json().at("metrics").at("epochs") == epochs);
  BOOST_TEST(contains(resumed.err, line), resumed.err);

  write_file(at.folder.path() / "sweep.toml", "[sweep]\nearly_stopping = [1, 2]\n");
  const Outcome swept =
      good(at.with("train", {"--config", "sweep.toml", "--max-epochs", "200", "--learning-rate",
                             "0.1", "--lr-scheduler", "constant", "--project", "s"}),
           at.folder.path());
  BOOST_TEST(contains(swept.err, "has not improved for 1 epoch;"), swept.err);
  BOOST_TEST(contains(swept.err, line), swept.err);
}

BOOST_AUTO_TEST_CASE(a_trial_stops_early_as_a_training_does) {
  const Houses at;
  const Words training{"--max-epochs",   "200",      "--learning-rate",  "0.1",
                       "--lr-scheduler", "constant", "--early-stopping", "2",
                       "--cpu",          "1"};
  Words trains = at.with("train", training);
  trains.insert(trains.end(), {"--project", "p"});
  const auto trained = good(trains, at.folder.path()).json().at("metrics");
  write_file(at.folder.path() / "search.toml",
             "[search.search_space.training]\nweight_decay = [0.0]\n[search.strategy]\n"
             "sw_runner.basic_train.max_epochs = 200\n"
             "sw_runner.basic_train.early_stopping = 2\n"
             "setup = { n_trials = 1, sampler = 'random' }\n"
             "metrics.loss = { scale = 1.0, direction = 'minimize' }\n");
  const auto best = good(at.with("search", {"--config", "search.toml", "--learning-rate", "0.1",
                                            "--lr-scheduler", "constant", "--project", "s"}),
                         at.folder.path())
                        .json()
                        .at("best")
                        .at(0);
  BOOST_TEST(best.at("software_metrics").at("loss") == trained.at("best_validation_loss"));
}

BOOST_AUTO_TEST_SUITE_END()
