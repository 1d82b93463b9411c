// Every kind of component, built outside the tree from one file each by the command a student
// would type, and then all of them at work in one search.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>

using namespace lathe_test;

namespace {

const std::filesystem::path kExamples = lathe_test::source_dir() / "examples" / "plugins";

void build(const std::string& source, const std::filesystem::path& folder) {
  const auto begin = std::chrono::steady_clock::now();
  succeed({"plugin", "build", (kExamples / source).string()}, folder);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE(source << " built in " << seconds.count() << " s");
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_plugins)

BOOST_AUTO_TEST_CASE(a_pass_in_cpp_and_in_c_count_the_same_relus) {
  const std::pair<std::string, std::string> passes[] = {{"count_relu.cpp", "count_relu"},
                                                        {"count_relu.c", "count_relu_c"}};
  for (const auto& [source, id] : passes) {
    TemporaryFolder folder;
    build(source, folder.path());
    const auto run = succeed({"transform", "jsc-toy", "jsc-sim", "--passes", id, "--plugin",
                              "./count_relu.so", "--json"},
                             folder.path())
                         .json();
    BOOST_TEST(run.at("passes").at(0).at("scalars").at("relus") == 4);
  }
}

// Top one is the accuracy, and five classes always hold the label.
BOOST_AUTO_TEST_CASE(a_metric_of_ones_own_reads_labels_and_runs_the_network) {
  TemporaryFolder folder;
  build("top5.cpp", folder.path());
  const auto run =
      succeed({"transform", "jsc-tiny", "jsc-sim", "--passes",
               "evaluate<split=validation>,example.top5<k=1>,example.top5<k=2>,example.top5",
               "--plugin", "./top5.so", "--json"},
              folder.path())
          .json();
  const auto& passes = run.at("passes");
  const auto top = [&](std::size_t pass) {
    return passes.at(pass).at("scalars").at("top5").get<double>();
  };
  BOOST_TEST(top(1) == passes.at(0).at("scalars").at("accuracy").get<double>());
  BOOST_TEST(top(2) > top(1));
  BOOST_TEST(top(2) < 1.0);
  BOOST_TEST(top(3) == 1.0);
  const Outcome empty = run_lathe({"transform", "jsc-tiny", "jsc-sim", "--passes",
                                   "example.top5<split=tset>", "--plugin", "./top5.so"},
                                  folder.path());
  BOOST_TEST(empty.exit_code == 2, empty.err);
  BOOST_TEST(empty.err.find("no split 'tset'") != std::string::npos, empty.err);
}

BOOST_AUTO_TEST_CASE(one_search_uses_a_plugin_of_every_kind) {
  TemporaryFolder folder;
  Words words{"search", "--config",  "all.toml", "--with-passes", "--project-dir",
              ".",      "--project", "all",      "--json"};
  for (const std::string source : {"count_relu.cpp", "without_dropout.cpp", "two_layers.cpp",
                                   "spiral.cpp", "power_of_two.cpp", "kronecker.cpp"}) {
    build(source, folder.path());
    words.insert(words.end(),
                 {"--plugin", "./" + std::filesystem::path(source).stem().string() + ".so"});
  }
  write_file(folder.path() / "all.toml", R"(
model = "two-layers"
dataset = "spiral"

[passes."example.without_dropout"]

[search.search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "type"
seed.default.config.name = ["NA"]
seed.linear.config.name = ["power_of_two", "NA"]

[search.strategy]
name = "optuna"
sw_runner.basic_evaluation.num_samples = 64
hw_runner.count_relu = {}
setup = { n_trials = 12, sampler = "kronecker", sum_scaled_metrics = false }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
metrics.relus = { scale = 1.0, direction = "minimize" }
)");
  const auto run = succeed(words, folder.path()).json();
  BOOST_TEST(run.at("best").size() > 0U);
  const auto log =
      nlohmann::json::parse(read_file(folder.path() / "all/software/search_ckpts/log.json"));
  for (const auto& trial : log) BOOST_TEST(trial.at("state") == "COMPLETE");
}

BOOST_AUTO_TEST_CASE(an_op_of_ones_own_is_listed_and_shown) {
  TemporaryFolder folder;
  build("rms_norm.cpp", folder.path());
  const Words plugin{"--plugin", "./rms_norm.so"};
  const auto listed = succeed(with({"list", "op", "--json"}, plugin), folder.path()).json();
  const auto& ops = listed.at("components");
  BOOST_TEST(ops.at(0).at("id") == "example.rms_norm");
  BOOST_TEST(ops.size() > 40U);  // and the dialect's own
  const std::string shown =
      succeed(with({"plugin", "show", "op:example.rms_norm"}, plugin), folder.path()).out;
  for (const char* text : {"RMSNorm of input", "torch.nn.functional.rms_norm(input, ",
                           "can sit on data_in, weight", "it has a gradient", "normalized_shape"}) {
    BOOST_TEST(shown.find(text) != std::string::npos, shown);
  }
  const std::string list = succeed(with({"plugin", "list", "op"}, plugin), folder.path()).out;
  BOOST_TEST(list.find("example.rms_norm") != std::string::npos, list);
}

BOOST_AUTO_TEST_CASE(a_network_with_an_op_of_ones_own_trains_and_its_plugin_is_in_the_report) {
  TemporaryFolder folder;
  build("rms_norm.cpp", folder.path());
  const auto run =
      succeed({"train", "example.rms_net<width=8>", "jsc-sim", "--max-epochs", "2", "--project-dir",
               ".", "--project", "t", "--plugin", "./rms_norm.so", "--json"},
              folder.path())
          .json();
  const auto& metrics = run.at("metrics");
  BOOST_TEST(metrics.at("accuracy").get<double>() > 0.4);  // five classes
  bool named = false;
  for (const auto& plugin : run.at("provenance").at("plugins")) {
    for (const auto& component : plugin.at("components")) {
      named = named || component == "op:example.rms_norm:1.0.0";
    }
  }
  BOOST_TEST(named);
}

BOOST_AUTO_TEST_CASE(a_network_with_an_op_of_ones_own_is_counted_quantized_widened_and_saved) {
  TemporaryFolder folder;
  build("rms_norm.cpp", folder.path());
  const Words base{"--verify-each", "--project-dir", ".", "--plugin", "./rms_norm.so", "--json"};
  const std::string passes =
      "channel_multiplier<by=name,fc1.width=2>,"
      "quantize<by=type,\"example.rms_norm\".name=integer,\"example.rms_norm\".data_in_width=6>,"
      "flops,bitops";
  const auto first = succeed(with({"transform", "example.rms_net<width=8>", "jsc-sim", "--passes",
                                   passes, "--batch-size", "4", "--project", "wide"},
                                  base),
                             folder.path())
                         .json();
  // fc1 to 16, the norm (four each), the ReLU (one each), fc2 to 5.
  const int expected = 4 * (16 * 16 + 4 * 16 + 16 + 16 * 5);
  BOOST_TEST(first.at("metrics").at("computations") == expected);
  const std::string saved = "wide/software/transform/transformed_ckpt";
  const auto graph = nlohmann::json::parse(read_file(folder.path() / saved / "graph.json"));
  BOOST_TEST(graph.at("ops").at(0).at("op") == "example.rms_norm");
  BOOST_TEST(graph.at("ops").at(0).at("plugin") == "rms_norm.so");

  const auto again =
      succeed(with({"transform", "example.rms_net", "jsc-sim", "--load", saved, "--passes",
                    "flops,bitops", "--batch-size", "4", "--project", "again"},
                   base),
              folder.path())
          .json();
  for (const char* metric : {"computations", "parameters", "total_bitops"}) {
    BOOST_TEST(again.at("metrics").at(metric) == first.at("metrics").at(metric), metric);
  }
  const Outcome without = run_lathe(
      {"transform", "--load", saved, "--passes", "flops", "--project-dir", "."}, folder.path());
  BOOST_TEST(without.exit_code != 0);
  for (const char* text : {"graph.json", "op 'example.rms_norm'", "'rms_norm.so'", "--plugin"}) {
    BOOST_TEST(without.err.find(text) != std::string::npos, without.err);
  }
}

// The graph holds what the model's plugin built; the rows are the data set's own affair.
BOOST_AUTO_TEST_CASE(a_trained_network_of_ones_own_needs_its_data_sets_plugin_only_for_rows) {
  TemporaryFolder folder;
  build("two_inputs.cpp", folder.path());
  const Words plugin{"--plugin", "./two_inputs.so"}, here{"--project-dir", "."};
  const auto trained = succeed(with(with({"train", "example.two_inputs_model", "example.two_inputs",
                                          "--max-epochs", "1", "--project", "p", "--json"},
                                         plugin),
                                    here),
                               folder.path())
                           .json();
  const Words test = with({"test", "--load", "p", "--json", "--project", "t"}, here);
  const auto tested = succeed(with(test, plugin), folder.path()).json();
  BOOST_TEST(tested.at("metrics").at("accuracy") == trained.at("metrics").at("accuracy"));
  BOOST_TEST(tested.at("model") == "example.two_inputs_model");
  BOOST_TEST(tested.at("dataset") == "example.two_inputs");

  const Outcome without = run_lathe(test, folder.path());
  BOOST_TEST(without.exit_code == 2);
  for (const char* text : {"data set 'example.two_inputs'", "'two_inputs.so'", "--plugin"})
    BOOST_TEST(without.last_line().find(text) != std::string::npos, without.err);
  const auto counted = succeed(
      with({"transform", "--load", "p", "--passes", "flops", "--project", "c", "--json"}, here),
      folder.path());
  BOOST_TEST(counted.json().at("metrics").at("parameters") == 8 * 5 + 8 + 2 * 8 + 2);
}

BOOST_AUTO_TEST_CASE(formats_of_an_op_of_ones_own_are_searched) {
  TemporaryFolder folder;
  build("rms_norm.cpp", folder.path());
  write_file(folder.path() / "norm.toml", R"(
model = "example.rms_net"
dataset = "jsc-sim"
plugin = ["rms_norm.so"]

[search.search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "type"
seed.default.config.name = ["NA"]
seed."example.rms_norm".config.name = ["integer"]
seed."example.rms_norm".config.data_in_width = [3, 8]

[search.strategy]
name = "optuna"
sw_runner.basic_evaluation.num_samples = 64
hw_runner.bitops = {}
setup = { n_trials = 12, sampler = "brute", sum_scaled_metrics = false }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
metrics.total_bitops = { scale = 1.0, direction = "minimize" }
)");
  const auto run = succeed({"search", "--config", "norm.toml", "--project-dir", ".", "--project",
                            "norm", "--json"},
                           folder.path())
                       .json();
  BOOST_TEST(run.at("trials") == 2);
  const auto log =
      nlohmann::json::parse(read_file(folder.path() / "norm/software/search_ckpts/log.json"));
  std::set<std::string> metrics;
  for (const auto& trial : log) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    metrics.insert(trial.at("user_attrs_hardware_metrics").dump());
  }
  BOOST_TEST(metrics.size() == 2U);
}

namespace {

// jsc-tiny with a learned level on the inputs of its linear layers and learned steps on their
// weights, of 3 bits both.
Words learned(const Words& more) {
  Words words = more;
  words.insert(words.end(), {"--plugin", "./pact.so", "--passes",
                             "quantize<by=type,linear.data_in.name=example.pact,"
                             "linear.data_in.width=3,linear.data_in.start=3,"
                             "linear.weight.name=lsq,linear.weight.width=3>",
                             "--project-dir", ".", "--batch-size", "64"});
  return words;
}

Words training_of(const std::string& project, const std::string& epochs,
                  const std::string& rate = "1e-2") {
  return learned({"train", "jsc-tiny", "jsc-sim", "--learning-rate", rate, "--seed", "3",
                  "--max-epochs", epochs, "--project", project});
}

}  // namespace

// What a format learns is in the checkpoint, and whoever sets the same format gets it back.
BOOST_AUTO_TEST_CASE(a_learned_format_trains_and_is_loaded_with_its_state) {
  TemporaryFolder folder;
  build("pact.cpp", folder.path());
  Words words = training_of("p", "6");
  words.push_back("--json");
  const double learned_accuracy =
      succeed(words, folder.path()).json().at("metrics").at("accuracy").get<double>();
  const double fresh_accuracy = [&] {
    Words once = training_of("once", "1", "1e-9");
    once.push_back("--json");
    return succeed(once, folder.path()).json().at("metrics").at("accuracy").get<double>();
  }();
  BOOST_TEST_MESSAGE("accuracy " << learned_accuracy << ", untrained " << fresh_accuracy);
  BOOST_TEST(learned_accuracy > fresh_accuracy + 0.1);

  const std::string best = "p/software/training_ckpts/best.safetensors";
  const auto tested = [&](const Words& more) {
    Words test{"test", "jsc-tiny", "jsc-sim", "--json", "--project", "t"};
    test.insert(test.end(), more.begin(), more.end());
    return succeed(test, folder.path());
  };
  const Outcome loaded = tested(learned({"--load", best}));
  BOOST_TEST(loaded.json().at("metrics").at("accuracy").get<double>() == learned_accuracy);
  BOOST_TEST(loaded.err.find("no number format") == std::string::npos, loaded.err);
  // The graph beside the weights has the formats, whose plugin has to be there.
  const Words small{"--project-dir", ".", "--batch-size", "64"};
  const Outcome beside = tested(with({"--load", best, "--plugin", "./pact.so"}, small));
  BOOST_TEST(beside.json().at("metrics") == loaded.json().at("metrics"));
  const Outcome missing = run_lathe(with({"test", "--load", best}, small), folder.path());
  BOOST_TEST(missing.exit_code == 1);
  for (const char* text : {"graph.json", "number formats 'example.pact'", "'pact.so'", "--plugin"})
    BOOST_TEST(missing.last_line().find(text) != std::string::npos, missing.err);
  // Without the format the state is of no use, and that is said.
  std::filesystem::copy_file(folder.path() / best, folder.path() / "alone.safetensors");
  const Outcome plain = tested(with({"--load", "alone.safetensors"}, small));
  BOOST_TEST(plain.err.find("no number format of the graph takes "
                            "'seq_blocks.2.data_in_quantizer.alpha'") != std::string::npos,
             plain.err);
  // A saved graph holds formats and state.
  succeed(learned({"transform", "jsc-tiny", "jsc-sim", "--load", best, "--project", "s"}),
          folder.path());
  const Outcome saved = tested({"--load", "s/software/transform/transformed_ckpt", "--plugin",
                                "./pact.so", "--project-dir", ".", "--batch-size", "64"});
  BOOST_TEST(saved.json().at("metrics") == loaded.json().at("metrics"));
}

BOOST_AUTO_TEST_CASE(a_training_of_learned_formats_killed_at_ten_moments_ends_with_the_same_bytes) {
  TemporaryFolder folder;
  build("pact.cpp", folder.path());
  const auto last = [&](const std::string& project) {
    return folder.path() / project / "software/training_ckpts/last.safetensors";
  };
  const auto words = [&](const std::string& project) {
    Words training = training_of(project, "60");
    if (std::filesystem::exists(last(project))) training.push_back("--resume");
    return training;
  };
  for (const std::string& killed : kill_ten_times(words, folder.path()))
    BOOST_TEST((read_file(last(killed)) == read_file(last("whole"))), killed);
}

BOOST_AUTO_TEST_CASE(a_search_trains_learned_formats) {
  TemporaryFolder folder;
  build("pact.cpp", folder.path());
  write_file(folder.path() / "a.toml", R"(
model = "jsc-tiny"
dataset = "jsc-sim"
batch_size = 64

[search.search_space]
setup.by = "type"
seed.default.config.name = ["NA"]

[search.search_space.seed.linear.config]
weight = { name = ["lsq", "integer"], width = [2, 4] }
data_in = { name = ["example.pact"], width = [8] }

[search.strategy]
eval_mode = false
sw_runner.basic_train = { max_epochs = 2, learning_rate = 0.01 }
setup = { n_trials = 4, sampler = "brute" }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
)");
  const auto run = succeed({"search", "--config", "a.toml", "--plugin", "./pact.so",
                            "--project-dir", ".", "--project", "s", "--json"},
                           folder.path())
                       .json();
  BOOST_TEST(run.at("space").at("networks") == 4);
  BOOST_TEST(run.at("space").at("parameters").contains("seq_blocks_2/config/weight/width"));
  const auto log =
      nlohmann::json::parse(read_file(folder.path() / "s/software/search_ckpts/log.json"));
  BOOST_TEST(log.size() == 4U);
  for (const auto& trial : log) BOOST_TEST(trial.at("state") == "COMPLETE");
}

BOOST_AUTO_TEST_SUITE_END()
