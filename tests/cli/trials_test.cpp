// --trial RUN:NUMBER: the network of a trial, as the search had it.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Both kinds of metrics, of which the first needs the data; and a number format's own options.
const std::string kQuantized =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\nseed = 3\n"
    "[search.search_space]\nsetup.by = 'type'\n"
    "[search.search_space.seed.linear.config]\nname = ['integer', 'NA']\n"
    "data_in_width = [4, 8]\nweight_width = [2, 4, 8]\n"
    "[search.strategy]\nsw_runner.basic_evaluation.num_samples = 100\n"
    "hw_runner.average_bitwidth = {}\nsetup = { n_trials = 6, sampler = 'random' }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"
    "metrics.average_bitwidth = { scale = 0.2, direction = 'minimize' }\n";

const std::string kTrained =
    "model = 'mlp'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
    "[search.search_space.model]\nhidden = [8, 16]\n"
    "[search.search_space.training]\nlearning_rate = [0.1, 0.01]\n"
    "[search.strategy]\neval_mode = false\n"
    "sw_runner.basic_train = { max_epochs = 1, num_samples = 512, lr_scheduler = 'constant' }\n"
    "setup = { n_trials = 4, sampler = 'brute' }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";

// A search in the project `s`; its log.
nlohmann::json searched(const fs::path& folder, const std::string& config, const Words& more = {}) {
  write_file(folder / "a.toml", config);
  good(with({"search", "--config", "a.toml", "--project", "s"}, more), folder);
  return nlohmann::json::parse(read_file(folder / "lathe_output/s/software/search_ckpts/log.json"));
}

void check_same(const nlohmann::json& metrics, const nlohmann::json& logged) {
  for (const char* kind : {"user_attrs_software_metrics", "user_attrs_hardware_metrics"})
    if (logged.at(kind).is_object())
      for (const auto& [name, value] : logged.at(kind).items())
        // The log has ten digits of a number.
        BOOST_TEST(std::fabs(metrics.at(name).get<double>() - value.get<double>()) <=
                       1e-9 * std::max(1.0, std::fabs(value.get<double>())),
                   name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trials_of_a_search)

BOOST_AUTO_TEST_CASE(a_tested_trial_has_the_metrics_of_the_study) {
  const TemporaryFolder folder;
  const auto log = searched(folder.path(), kQuantized);
  for (const int number : {0, 3, 5}) {
    const auto json =
        good({"test", "--trial", "lathe_output/s:" + std::to_string(number), "--json"},
             folder.path())
            .json();
    const auto& row = log.at(std::to_string(number));
    BOOST_TEST(json.at("trial").at("number") == number);
    BOOST_TEST(json.at("trial").at("sampled_config") == row.at("user_attrs_sampled_config"));
    check_same(json.at("metrics"), row);
    for (const auto& warning : json.at("warnings"))
      BOOST_TEST(!contains(warning.get<std::string>(), "not as the study"));
  }
}

BOOST_AUTO_TEST_CASE(a_trial_that_was_trained_is_trained_again_alike) {
  const TemporaryFolder folder;
  const auto log = searched(folder.path(), kTrained);
  for (const int number : {1, 2}) {
    const auto json =
        good({"test", "--trial", "s:" + std::to_string(number), "--json"}, folder.path()).json();
    check_same(json.at("metrics"), log.at(std::to_string(number)));
  }
}

BOOST_AUTO_TEST_CASE(another_split_is_tested_as_any_network_is) {
  const TemporaryFolder folder;
  searched(folder.path(), kQuantized);
  const auto json =
      good({"test", "--trial", "s:2", "--split", "test", "--json"}, folder.path()).json();
  BOOST_TEST(json.at("split") == "test");
  BOOST_TEST(json.at("metrics").at("samples").get<int>() > 100);
}

BOOST_AUTO_TEST_CASE(a_transformed_trial_is_a_saved_graph_with_further_passes) {
  const TemporaryFolder folder;
  searched(folder.path(), kQuantized);
  const auto json = good({"transform", "--trial", "s:1", "--passes", "average_bitwidth",
                          "--project", "t", "--json"},
                         folder.path())
                        .json();
  const fs::path graph = folder.path() / "lathe_output/t/software/transform/transformed_ckpt";
  BOOST_TEST(json.at("passes").at(0).at("pass") == "average_bitwidth");
  BOOST_TEST(json.at("metrics").at("average_bitwidth") ==
             json.at("trial").at("hardware_metrics").at("average_bitwidth"));
  const auto again =
      good({"transform", "--load", graph.string(), "--passes", "average_bitwidth", "--json"},
           folder.path())
          .json();
  BOOST_TEST(again.at("metrics").at("average_bitwidth") ==
             json.at("metrics").at("average_bitwidth"));
}

BOOST_AUTO_TEST_CASE(a_trial_is_trained_with_its_options_and_those_of_the_command_line) {
  const TemporaryFolder folder;
  const auto log = searched(folder.path(), kTrained);
  const auto& row = log.at("2");
  good({"train", "--trial", "s:2", "--cpu", "1", "--project", "t"}, folder.path());
  const fs::path results = folder.path() / "lathe_output/t/software/training_ckpts";
  const auto graph = nlohmann::json::parse(read_file(results / "graph.json"));
  const std::string model = graph.at("origin").at("model");
  const auto hidden = row.at("user_attrs_sampled_config").at("model").at("hidden");
  BOOST_TEST(contains(model, "hidden=[" + std::to_string(hidden.get<int>()) + "]"), model);
  // A header and the one epoch of basic_train.
  const std::string metrics = read_file(results / "metrics.csv");
  BOOST_TEST(std::count(metrics.begin(), metrics.end(), '\n') == 2);
}

BOOST_AUTO_TEST_CASE(a_trial_is_exported_as_weights_and_as_codes) {
  const TemporaryFolder folder;
  const auto log = searched(folder.path(), kQuantized);
  int quantized = 0;
  // What `default` says of the other nodes is integer always.
  while (log.at(std::to_string(quantized))
             .at("user_attrs_sampled_config")
             .at("seq_blocks_2")
             .at("config")
             .at("name") != "integer")
    ++quantized;
  const std::string trial = "s:" + std::to_string(quantized);
  const auto listed = good({"export", "--trial", trial, "--json"}, folder.path()).json();
  BOOST_TEST(listed.at("tensors").size() > 0U);
  good({"export", "--trial", trial, "w.safetensors"}, folder.path());
  good({"test", "jsc-tiny", "jsc-sim", "--load", "w.safetensors"}, folder.path());
  const auto codes =
      good({"export", "--trial", trial, "c.safetensors", "--codes", "--json"}, folder.path())
          .json();
  BOOST_TEST(codes.at("codes").size() > 0U);
}

BOOST_AUTO_TEST_CASE(what_the_command_line_of_the_search_said_counts) {
  const TemporaryFolder folder;
  const auto log = searched(folder.path(), kQuantized,
                            {"--seed", "9", "--set", "search.strategy.setup.sampler=tpe",
                             "--storage", "sqlite:///elsewhere.db", "--study", "mine"});
  const auto json = good({"test", "--trial", "s:4", "--json"}, folder.path()).json();
  check_same(json.at("metrics"), log.at("4"));
}

BOOST_AUTO_TEST_CASE(trials_that_are_not_there_are_refused) {
  const TemporaryFolder folder;
  searched(folder.path(), kQuantized);
  const fs::path run = folder.path() / "lathe_output/s/software/search_ckpts";
  const auto refused = [&](const Words& words, int exit_code, const std::string& says) {
    for (const char* command : {"test", "train", "transform", "export"}) {
      const Outcome outcome = run_lathe(with({command}, words), folder.path());
      BOOST_TEST(outcome.exit_code == exit_code, command << "\n" << outcome.err);
      BOOST_TEST(contains(outcome.last_line(), says), command << "\n" << outcome.err);
    }
  };
  refused({"--trial", "s"}, 2, "--trial takes RUN:NUMBER");
  refused({"--trial", "s:"}, 2, "--trial takes RUN:NUMBER");
  refused({"--trial", ":3"}, 2, "--trial takes RUN:NUMBER");
  refused({"--trial", "s:-1"}, 2, "--trial takes RUN:NUMBER");
  refused({"--trial", "s:1x"}, 2, "--trial takes RUN:NUMBER");
  refused({"--trial", "none:1"}, 2, "there is no run 'none'");
  refused({"--trial", "lathe_output:1"}, 2, "'lathe_output' holds no search");
  refused({"--trial", "s:6"}, 2, "has no trial 6; its trials are 0 to 5");
  const std::string saved = read_file(run / "search.json");
  std::string other = saved;
  other.replace(other.find("\"seed\": 3"), 9, "\"seed\": 4");
  write_file(run / "search.json", other);
  refused({"--trial", "s:1"}, 2, "was begun with seed 3, but this search has 4");
  for (const char* damaged : {"", "{", "[]", "{\"lathe_search\": 1}"}) {
    write_file(run / "search.json", damaged);
    refused({"--trial", "s:1"}, 1, "it is damaged");
  }
  write_file(run / "search.json", "{\"lathe_search\": 99}");
  refused({"--trial", "s:1"}, 1, "it is of version 99");
  fs::remove(run / "search.json");
  refused({"--trial", "s:1"}, 1, "was begun by an earlier Lathe");
}

BOOST_AUTO_TEST_CASE(what_a_trial_brings_is_not_given_beside_it) {
  check_bad_inputs({
      {"a model beside a trial",
       {},
       {"test", "jsc-tiny", "--trial", "s:1"},
       2,
       {"leave MODEL out"}},
      {"weights beside a trial",
       {{"w.pt", ""}},
       {"test", "--load", "w.pt", "--trial", "s:1"},
       2,
       {"leave --load out"}},
      {"a config beside a trial",
       {{"a.toml", ""}},
       {"train", "--config", "a.toml", "--trial", "s:1"},
       2,
       {"leave --config out"}},
      {"an input beside a trial",
       {},
       {"export", "a.pt", "b.pt", "--trial", "s:1"},
       2,
       {"usage: lathe export --trial RUN:NUMBER [OUTPUT]"}},
      {"a trial of a search", {}, {"search", "--trial", "s:1"}, 2, {"--trial", "belongs to"}},
  });
}

BOOST_AUTO_TEST_CASE(a_trial_that_failed_is_built_with_a_word) {
  const TemporaryFolder folder;
  std::string config = kTrained;
  config.replace(config.find("[0.1, 0.01]"), 11, "[1e30, 0.01]");
  const auto log = searched(folder.path(), config);
  std::string failed;
  for (const auto& [number, trial] : log.items())
    if (trial.at("state") == "FAIL") failed = number;
  BOOST_REQUIRE(!failed.empty());
  const Outcome outcome =
      run_lathe({"train", "--trial", "s:" + failed, "--learning-rate", "0.01", "--project", "t"},
                folder.path());
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(contains(outcome.err, "trial " + failed + " failed: "), outcome.err);
}

BOOST_AUTO_TEST_SUITE_END()
