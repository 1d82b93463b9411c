// Training, testing, searching from the command line: the files, the numbers in them, going on.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <signal.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::size_t lines_of(const fs::path& path) {
  const std::string text = read_file(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const Words kTrain{"train", "jsc-tiny", "jsc-sim", "--batch-size",  "256", "--learning-rate",
                   "1e-2",  "--seed",   "1",       "--project-dir", "."};

// Until what another process does shows, or for a minute.
void wait_until(const std::function<bool()>& shows) {
  for (int tries = 0; tries < 6000 && !shows(); ++tries) usleep(10'000);
}

fs::path training_of(const fs::path& folder, const std::string& project) {
  return folder / project / "software" / "training_ckpts";
}

const std::string kSearch =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
    "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\nsetup.by = 'type'\n"
    "seed.default.config.name = ['NA']\n"
    "[search.search_space.seed.linear.config]\nname = ['integer']\ndata_in_width = [4, 8]\n"
    "data_in_frac_width = ['NA']\nweight_width = [2, 4, 8]\nweight_frac_width = ['NA']\n"
    "bias_width = [8]\nbias_frac_width = ['NA']\n"
    "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 64\n"
    "hw_runner.average_bitwidth.compare_to = 32\n"
    "setup = { n_jobs = 1, n_trials = 20, sampler = 'brute', sum_scaled_metrics = false }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"
    "metrics.average_bitwidth = { scale = 0.2, direction = 'minimize' }\n";

}  // namespace

BOOST_AUTO_TEST_CASE(a_training_leaves_weights_metrics_and_a_report) {
  const TemporaryFolder folder;
  const auto json =
      good(with(kTrain, {"--max-epochs", "3", "--project", "p", "--json"}), folder.path()).json();
  const fs::path results = training_of(folder.path(), "p");
  for (const char* file : {"best.safetensors", "last.safetensors", "report.json"})
    BOOST_TEST(fs::exists(results / file));
  BOOST_TEST(lines_of(results / "metrics.csv") == 4U);  // a header and three epochs
  BOOST_TEST(json.at("command") == "train");
  BOOST_TEST(json.at("split") == "test");
  for (const char* metric : {"loss", "accuracy", "accuracy_macro", "samples"})
    BOOST_TEST(json.at("metrics").contains(metric));
  BOOST_TEST(json.at("metrics").at("epochs") == 3);
  BOOST_TEST(json.at("provenance").at("threads").get<int>() >= 1);

  const auto tested =
      good({"test", "jsc-tiny", "jsc-sim", "--batch-size", "256", "--project-dir", ".", "--project",
            "p", "--json", "--load", (results / "best.safetensors").string()},
           folder.path())
          .json();
  for (const char* metric : {"loss", "accuracy", "accuracy_macro", "samples"})
    BOOST_TEST(tested.at("metrics").at(metric) == json.at("metrics").at(metric));
  std::int64_t samples = 0;
  std::int64_t correct = 0;
  for (const auto& row : tested.at("tables").at("classes")) {
    samples += row.at("samples").get<std::int64_t>();
    correct += row.at("correct").get<std::int64_t>();
  }
  BOOST_TEST(samples == tested.at("metrics").at("samples"));
  BOOST_TEST(static_cast<double>(correct) / static_cast<double>(samples) ==
                 tested.at("metrics").at("accuracy").get<double>(),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(lines_of(folder.path() / "p" / "software" / "checkpoints" / "predictions.csv") ==
             static_cast<std::size_t>(samples) + 1);
}

BOOST_AUTO_TEST_CASE(an_interrupted_training_is_saved_and_goes_on) {
  const TemporaryFolder folder;
  const fs::path results = training_of(folder.path(), "p");
  const Words words = with(kTrain, {"--max-epochs", "100000", "--project", "p"});
  const int process =
      start_lathe(words, folder.path(), folder.path() / "out", folder.path() / "err");
  wait_until([&] { return fs::exists(results / "last.safetensors"); });
  kill(process, SIGINT);
  BOOST_TEST(wait_for(process) == 1);
  const std::string talk = read_file(folder.path() / "err");
  BOOST_TEST(contains(talk, "error: interrupted"));
  BOOST_TEST(contains(talk, "--resume"));
  BOOST_TEST(fs::exists(results / "last.safetensors"));
  const std::size_t epochs = lines_of(results / "metrics.csv");
  const auto resumed = good(with(kTrain, {"--project", "p", "--resume", "--json", "--max-epochs",
                                          "100000", "--max-steps", "1"}),
                            folder.path());
  BOOST_TEST(lines_of(results / "metrics.csv") >= epochs);
}

BOOST_AUTO_TEST_CASE(an_earlier_run_of_the_day_is_kept) {
  const TemporaryFolder folder;
  const Words words = with(kTrain, {"--max-epochs", "1", "--json"});
  const std::string first = good(words, folder.path()).json().at("folder");
  const Outcome again = good(words, folder.path());
  const std::string second = again.json().at("folder");
  BOOST_TEST(first != second);
  BOOST_TEST(contains(second, "-2/software"));
  BOOST_TEST(contains(again.err, "holds an earlier run"));
  BOOST_TEST(read_file(folder.path() / first / "last.safetensors") ==
             read_file(folder.path() / second / "last.safetensors"));
}

BOOST_AUTO_TEST_CASE(overwrite_replaces_an_earlier_run_and_says_so) {
  const TemporaryFolder folder;
  good(with(kTrain, {"--max-epochs", "2", "--project", "p"}), folder.path());
  const Outcome again =
      good(with(kTrain, {"--max-epochs", "1", "--project", "p", "--overwrite"}), folder.path());
  BOOST_TEST(contains(again.err, "are replaced"));
  BOOST_TEST(lines_of(training_of(folder.path(), "p") / "metrics.csv") == 2U);
}

BOOST_AUTO_TEST_CASE(a_sweep_trains_every_point_and_makes_one_table) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[sweep]\nbatch_size = [128, 256]\n"
             "max_epochs = [1, 2]\nlearning_rate = [1e-2]\n");
  const Words words{"train", "--config",  "a.toml", "--project-dir",
                    ".",     "--project", "s",      "--json"};
  const auto json = good(words, folder.path()).json();
  const auto& rows = json.at("tables").at("sweep");
  BOOST_REQUIRE(rows.size() == 4U);
  BOOST_TEST(rows.at(1).at("batch_size") == 128);
  BOOST_TEST(rows.at(1).at("max_epochs") == 2);
  BOOST_TEST(rows.at(2).at("batch_size") == 256);
  BOOST_TEST(rows.at(1).at("epochs") == 2);  // that ran, early stopping or not
  const fs::path results = training_of(folder.path(), "s");
  BOOST_TEST(lines_of(results / "sweep.csv") == 5U);
  BOOST_TEST(lines_of(results / "sweep" / "003" / "metrics.csv") == 3U);

  // A point is what the same training alone would be.
  good({"train", "jsc-tiny", "jsc-sim", "--batch-size", "256", "--max-epochs", "2",
        "--learning-rate", "1e-2", "--project-dir", ".", "--project", "one"},
       folder.path());
  BOOST_TEST(read_file(results / "sweep" / "003" / "best.safetensors") ==
             read_file(training_of(folder.path(), "one") / "best.safetensors"));

  // Resumed, finished points are not trained again: the table is the same to the seconds.
  const auto resumed = good(with(words, {"--resume"}), folder.path()).json();
  BOOST_TEST(resumed.at("tables").at("sweep") == rows);
}

BOOST_AUTO_TEST_CASE(a_saved_graph_is_tested_as_it_was_transformed) {
  const TemporaryFolder folder;
  good(with(kTrain, {"--max-epochs", "2", "--project", "p"}), folder.path());
  const std::string weights = training_of(folder.path(), "p") / "best.safetensors";
  const std::string quantize =
      "quantize<by=type,linear.name=integer,linear.weight_width=3,linear.data_in_width=4>";
  good({"transform", "jsc-tiny", "jsc-sim", "--load", weights, "--passes", quantize,
        "--project-dir", ".", "--project", "p"},
       folder.path());
  const auto metrics = [&](const Words& more) {
    return good(with({"test", "jsc-tiny", "jsc-sim", "--project-dir", ".", "--project", "p",
                      "--json", "--load"},
                     more),
                folder.path())
        .json()
        .at("metrics");
  };
  const auto whole = metrics({weights});
  const auto quantized = metrics({weights, "--passes", quantize});
  const auto saved =
      metrics({(folder.path() / "p" / "software" / "transform" / "transformed_ckpt").string()});
  BOOST_TEST(quantized == saved);
  BOOST_TEST(quantized.at("loss") != whole.at("loss"));
}

BOOST_AUTO_TEST_CASE(a_search_visits_the_space_and_leaves_its_files) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", kSearch);
  const Words words{"search", "--config",  "a.toml", "--project-dir",
                    ".",      "--project", "s",      "--json"};
  const auto json = good(words, folder.path()).json();
  BOOST_TEST(json.at("space").at("size") == 6);
  BOOST_TEST(json.at("trials") == 6);
  BOOST_TEST(json.at("exhausted") == true);
  BOOST_TEST(json.at("best").size() >= 1U);
  const fs::path results = folder.path() / "s" / "software" / "search_ckpts";
  for (const char* file : {"log.json", "best.json", "study.db", "report.json"})
    BOOST_TEST(fs::exists(results / file));
  const auto log = nlohmann::json::parse(read_file(results / "log.json"));
  BOOST_TEST(log.size() == 6U);

  // The same command goes on with the study, which is complete.
  const auto again = good(words, folder.path()).json();
  BOOST_TEST(again.at("best") == json.at("best"));
  BOOST_TEST(again.at("trials") == 6);
}

BOOST_AUTO_TEST_CASE(a_search_builds_the_model_with_the_options_of_each_trial) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'mlp'\ndataset = 'jsc-sim'\n"
             "[search.search_space.model]\n"
             "hidden = { low = 16, high = 64, step = 16 }\n"
             "activation = { choices = ['relu', 'tanh'], when = { hidden = [16, 64] } }\n"
             "[search.strategy]\nname = 'optuna'\nhw_runner.flops = {}\n"
             "setup = { n_trials = 20, sampler = 'brute' }\n"
             "metrics.parameters = { scale = 1.0, direction = 'minimize' }\n");
  const Words words{"search", "--config",  "a.toml", "--project-dir",
                    ".",      "--project", "s",      "--json"};
  const auto json = good(words, folder.path()).json();
  BOOST_TEST(json.at("space").at("size") == 8);
  BOOST_TEST(json.at("space").at("networks") == 6);  // 16 and 64 twice, 32 and 48 once
  BOOST_TEST(json.at("trials") == 6);
  BOOST_TEST(json.at("exhausted") == true);
  BOOST_TEST(json.at("best").at(0).at("sampled_config").at("model").at("hidden") == 16);
  const fs::path results = folder.path() / "s" / "software" / "search_ckpts";
  for (const auto& trial : nlohmann::json::parse(read_file(results / "log.json"))) {
    const auto& model = trial.at("user_attrs_sampled_config").at("model");
    const auto width = model.at("hidden").get<int>();
    BOOST_TEST(model.contains("activation") == (width == 16 || width == 64));
    // 16 features to `width` to 5 classes, with biases.
    BOOST_TEST(trial.at("value") == 17 * width + 5 * (width + 1));
  }
  const auto dry = good({"search", "--config", "a.toml", "--dry-run", "--json"}, folder.path());
  BOOST_TEST(dry.json().at("space").at("parameters").at("model/hidden").dump() ==
             R"({"high":64,"low":16,"step":16})");
  // People see what was chosen; what does not exist is a dash.
  const Outcome table =
      good({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s", "--set",
            "search.strategy.metrics.parameters.direction=maximize", "--study", "other"},
           folder.path());
  BOOST_TEST(contains(table.out, "hidden"));
}

BOOST_AUTO_TEST_CASE(a_search_over_a_logarithmic_range_is_the_same_for_any_number_of_workers) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'mlp'\ndataset = 'jsc-sim'\n"
             "[search.search_space.model]\n"
             "hidden = { low = 1, high = 256, log = true }\n"
             "dropout = { low = 0.0, high = 0.5, when = { hidden = [1, 2, 3, 4, 5, 6, 7, 8] } }\n"
             "[search.strategy]\nname = 'optuna'\nhw_runner.flops = {}\n"
             "setup = { n_trials = 40, sampler = 'tpe' }\n"
             "metrics.parameters = { scale = 1.0, direction = 'minimize' }\n");
  std::vector<nlohmann::json> points;
  for (const std::string jobs : {"1", "2", "4"}) {
    const auto json = good({"search", "--config", "a.toml", "--project-dir", ".", "--project",
                            "s" + jobs, "--json", "--jobs", jobs},
                           folder.path())
                          .json();
    BOOST_TEST(json.at("space").at("size").is_null());
    BOOST_TEST(json.at("space").at("networks").is_null());
    BOOST_TEST(json.at("trials") == 40);
    const fs::path log = folder.path() / ("s" + jobs) / "software/search_ckpts/log.json";
    nlohmann::json all;
    for (const auto& trial : nlohmann::json::parse(read_file(log)))
      all.push_back(trial.at("user_attrs_sampled_config"));
    points.push_back(all);
  }
  BOOST_TEST((points[0] == points[1]));
  BOOST_TEST((points[0] == points[2]));
  // It goes on with its study, whose rows of numbers and of what does not exist are read back.
  const auto again = good({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s1",
                           "--json", "--n-trials", "45"},
                          folder.path())
                         .json();
  BOOST_TEST(again.at("trials") == 45);
}

BOOST_AUTO_TEST_CASE(the_command_line_beats_the_search_table) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", kSearch);
  const auto json =
      good({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s", "--json",
            "--n-trials", "3", "--set", "search.strategy.setup.sampler=random", "--storage",
            "sqlite:///other.db", "--study", "mine"},
           folder.path())
          .json();
  BOOST_TEST(json.at("trials") == 3);
  BOOST_TEST(json.at("study").at("name") == "mine");
  BOOST_TEST(fs::exists(folder.path() / "other.db"));
}

BOOST_AUTO_TEST_CASE(people_see_the_best_trials_as_a_table) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", kSearch);
  const Outcome run =
      good({"search", "--config", "a.toml", "--project-dir", ".", "--project", "s"}, folder.path());
  for (const char* text :
       {"trial  accuracy  average_bitwidth", "Pareto front: ", "synthetic", "log.json"})
    BOOST_TEST(contains(run.out, text), text);
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line) && !contains(line, " trials");)
    BOOST_TEST(line.size() <= 80U, line);
}

BOOST_AUTO_TEST_CASE(an_interrupted_search_is_saved_and_goes_on) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", kSearch);
  const auto words = [](const std::string& trials) {
    return Words{"search",     "--config",
                 "a.toml",     "--project-dir",
                 ".",          "--project",
                 "s",          "-j2",
                 "--set",      "search.strategy.setup.sampler=random",
                 "--json",     "--repeat",
                 "--n-trials", trials};
  };
  const fs::path results = folder.path() / "s" / "software" / "search_ckpts";
  const int process =
      start_lathe(words("100000000"), folder.path(), folder.path() / "out", folder.path() / "err");
  // The state of a trial that has ended, in the log that SQLite writes ahead.
  const fs::path study = results / "study.db-wal";
  wait_until([&] { return fs::exists(study) && contains(read_file(study), "COMPLETE"); });
  kill(process, SIGTERM);
  BOOST_TEST(wait_for(process) == 1);
  BOOST_TEST(contains(read_file(folder.path() / "err"), "error: interrupted after"));
  const auto json = nlohmann::json::parse(read_file(folder.path() / "out"));
  BOOST_TEST(json.at("interrupted") == true);
  const auto done = json.at("trials").get<std::int64_t>();
  BOOST_REQUIRE(done > 0);
  BOOST_TEST(nlohmann::json::parse(read_file(results / "log.json")).size() ==
             static_cast<std::size_t>(done));
  const auto resumed = good(words(std::to_string(done + 5)), folder.path()).json();
  BOOST_TEST(resumed.at("trials") == done + 5);
}

BOOST_AUTO_TEST_CASE(a_training_without_validation_or_test_rows_says_so) {
  const TemporaryFolder folder;
  std::string table = "a,b,c,d,label\n";
  for (int row = 0; row < 40; ++row)
    table += std::to_string(row % 7) + ",1,2," + std::to_string(row % 3) + "," +
             std::to_string(row % 2) + "\n";
  write_file(folder.path() / "a.csv", table);
  const Outcome run =
      good({"train", "jsc-custom<hidden=[4]>", "csv<train=a.csv>", "--max-epochs", "2",
            "--batch-size", "8", "--project-dir", ".", "--project", "p", "--json"},
           folder.path());
  BOOST_TEST(contains(run.err, "no validation split"));
  BOOST_TEST(!contains(run.err, "nan"));
  BOOST_TEST(!run.json().at("metrics").contains("accuracy"));
  BOOST_TEST(run.json().at("metrics").contains("train_loss"));
  BOOST_TEST(fs::exists(training_of(folder.path(), "p") / "best.safetensors"));
}
