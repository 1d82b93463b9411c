// Widths from files and from the command line: the students' two searches run, every width is
// counted once, widths and number formats are searched together, what cannot meet is refused.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>

using namespace lathe_test;

namespace {

nlohmann::json log_in(const std::filesystem::path& folder, const std::string& project) {
  return nlohmann::json::parse(read_file(folder / project / "software/search_ckpts/log.json"));
}

std::set<std::string> configs_of(const nlohmann::json& log) {
  std::set<std::string> configs;
  for (const auto& trial : log) configs.insert(trial.at("user_attrs_sampled_config").dump());
  return configs;
}

// Genuine images, as many as there are at hand.
std::string images() {
  const std::string folder = (data_dir() / "cifar10").string();
  return "cifar10<train=" + folder + "/train_2000.bin,validation=" + folder +
         "/val_1000.bin,test=" + folder + "/test_700.bin>";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(widths_of_students)

BOOST_AUTO_TEST_CASE(the_jet_file_runs_over_all_its_36_widths) {
  TemporaryFolder folder;
  const std::string file = golden_search_file(0, folder.path());
  succeed({"search", "--config", file, "--project-dir", ".", "--project", "jets", "--dataset",
           "jsc-sim", "--n-trials", "40", "--set", "search.strategy.setup.sampler=brute"},
          folder.path());
  const auto log = log_in(folder.path(), "jets");
  BOOST_TEST(log.size() == 36U);
  BOOST_TEST(configs_of(log).size() == 36U);
  for (const auto& trial : log) BOOST_TEST(trial.at("state") == "COMPLETE");
}

BOOST_AUTO_TEST_CASE(the_vgg7_file_runs_on_genuine_images) {
  const std::string dataset = images();
  TemporaryFolder folder;
  const std::string file = golden_search_file(1, folder.path());
  succeed(
      {"search", "--config", file, "--project-dir", ".", "--project", "vgg", "--dataset", dataset,
       "--n-trials", "6", "--set", "search.strategy.sw_runner.basic_evaluation.num_samples=32"},
      folder.path());
  const auto log = log_in(folder.path(), "vgg");
  BOOST_TEST(log.size() == 6U);
  for (const auto& trial : log) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    BOOST_TEST(trial.at("user_attrs_software_metrics").at("samples") == 32);
  }
}

BOOST_AUTO_TEST_CASE(all_512_widths_of_vgg7_are_counted_once_each) {
  TemporaryFolder folder;
  const auto began = std::chrono::steady_clock::now();
  succeed({"search", "--config", (lathe_test::source_dir() / "examples/vgg7_widths.toml").string(),
           "--project-dir", ".", "--project", "all"},
          folder.path());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto log = log_in(folder.path(), "all");
  BOOST_TEST(log.size() == 512U);
  BOOST_TEST(configs_of(log).size() == 512U);
  // golden/channel_multiplier.json, golden/flops.json
  const auto& first = log.at("0").at("user_attrs_hardware_metrics");
  BOOST_TEST(first.at("total_flops") == 619491328);
  BOOST_TEST(first.at("parameters") == 14029450);
  bool seen = false;
  for (const auto& trial : log) {
    seen = seen || trial.at("user_attrs_hardware_metrics").at("parameters") == 44269834;
  }
  BOOST_TEST(seen);  // 2, 2, 2, 4, 4
  BOOST_TEST_MESSAGE("512 widths in " << took.count() << " s");
}

BOOST_AUTO_TEST_CASE(widths_and_formats_are_searched_together) {
  TemporaryFolder folder;
  write_file(folder.path() / "both.toml", R"(
model = "jsc-d"
dataset = "jsc-sim"
[search.search_space.setup]
by = "name"
channel_multiplier.weights = "net2wider"
[search.search_space.seed.default.config]
name = ["NA"]
[search.search_space.seed.seq_blocks_2.config]
name = ["NA", "integer"]
data_in_width = [8]
weight_width = [4]
bias_width = [8]
width = [1, 2]
[search.search_space.seed.seq_blocks_4.config]
width = [1, 1.5]
[search.strategy]
eval_mode = true
[search.strategy.hw_runner.average_bitwidth]
[search.strategy.hw_runner.flops]
[search.strategy.setup]
n_trials = 8
sampler = "brute"
[search.strategy.metrics]
average_bitwidth = {scale = 1.0, direction = "minimize"}
parameters = {scale = 1.0, direction = "minimize"}
)");
  succeed({"search", "--config", "both.toml", "--project-dir", ".", "--project", "both"},
          folder.path());
  std::map<std::pair<std::int64_t, bool>, int> seen;
  const auto log = log_in(folder.path(), "both");
  for (const auto& trial : log) {
    const auto& metrics = trial.at("user_attrs_hardware_metrics");
    ++seen[{metrics.at("parameters").get<std::int64_t>(),
            metrics.at("average_bitwidth").get<double>() < 32}];
  }
  // 32 of the batch norm, 17 per output of seq_blocks_2 (w), w * v + v, 5 * v + 5.
  const auto parameters = [](std::int64_t w, std::int64_t v) {
    return 32 + 17 * w + w * v + v + 5 * v + 5;
  };
  BOOST_TEST(log.size() == 8U);
  for (const std::int64_t w : {16, 32}) {
    for (const std::int64_t v : {16, 24}) {
      for (const bool quantized : {false, true}) {
        const int times = seen[{parameters(w, v), quantized}];
        BOOST_TEST(times == 1);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(widths_that_cannot_meet_at_an_addition_end_the_run_in_one_sentence) {
  TemporaryFolder folder;
  const auto outcome =
      run_lathe({"transform", "resnet20", "--passes",
                 "channel_multiplier<by=name,conv1.width=2,layer1_0_conv2.width=3>"},
                folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  const std::string last = outcome.err.substr(outcome.err.rfind("error:"));
  for (const char* part :
       {"node 'layer1_0_conv2'", "cannot meet width 2 of 'conv1'", "'add' (add)"}) {
    BOOST_TEST(last.find(part) != std::string::npos, last);
  }
}

BOOST_AUTO_TEST_CASE(a_widened_network_is_saved_and_loads_again) {
  TemporaryFolder folder;
  succeed({"transform", "jsc-d", "jsc-sim", "--passes",
           "channel_multiplier<by=name,seq_blocks_2.width=2,weights=net2wider>", "--project-dir",
           ".", "--project", "wide"},
          folder.path());
  const auto outcome = succeed(
      {"transform", "jsc-d", "jsc-sim", "--load", "wide/software/transform/transformed_ckpt",
       "--passes", "flops", "--project-dir", ".", "--project", "again", "--json"},
      folder.path());
  // 32 + 17 * 32 + 33 * 16 + 17 * 5
  BOOST_TEST(outcome.out.find("1189") != std::string::npos, outcome.out);
}

// The network was trained; a multiplier above 1 resets the layers whose size changes, those only.
BOOST_AUTO_TEST_CASE(layers_that_a_multiplier_resets_are_named_and_those_it_keeps_are_not) {
  TemporaryFolder folder;
  succeed(
      {"train", "jsc-d", "jsc-sim", "--max-epochs", "1", "--project-dir", ".", "--project", "t"},
      folder.path());
  const std::string file = golden_search_file(0, folder.path());
  const auto untrained = [&](const std::string& project, const Words& more) {
    Words words{"search",
                "--config",
                file,
                "--dataset",
                "jsc-sim",
                "--load",
                "t/software/training_ckpts/best.safetensors",
                "--project-dir",
                ".",
                "--project",
                project,
                "--n-trials",
                "36",
                "--set",
                "search.strategy.setup.sampler=brute",
                "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const auto provenance = succeed(words, folder.path()).json().at("provenance");
    return provenance.value("untrained_layers", std::vector<std::string>{});
  };
  using Names = std::vector<std::string>;
  const auto per_element = boost::test_tools::per_element();
  BOOST_TEST(untrained("reset", {}) == (Names{"seq_blocks_4", "seq_blocks_6", "seq_blocks_2"}),
             per_element);
  BOOST_TEST(untrained("kept", {"--set",
                                "search.search_space.setup.channel_multiplier.weights="
                                "net2wider"})
                 .empty());
}

BOOST_AUTO_TEST_SUITE_END()
