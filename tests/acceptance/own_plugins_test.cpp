// Every kind of component, built outside the tree from one file each by the command a student
// would type, and then all of them at work in one search.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace lathe_test;

namespace {

const std::filesystem::path kExamples = lathe_test::source_dir() / "examples" / "plugins";

void build(const std::string& source, const std::filesystem::path& folder) {
  const auto begin = std::chrono::steady_clock::now();
  succeed({"plugin", "build", (kExamples / source).string()}, folder);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE(source << " built in " << seconds.count() << " s");
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
  for (const std::string source : {"count_relu.cpp", "remove_dropout.cpp", "two_layers.cpp",
                                   "spiral.cpp", "power_of_two.cpp", "kronecker.cpp"}) {
    build(source, folder.path());
    words.insert(words.end(),
                 {"--plugin", "./" + std::filesystem::path(source).stem().string() + ".so"});
  }
  write_file(folder.path() / "all.toml", R"(
model = "two-layers"
dataset = "spiral"

[passes.remove_dropout]

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

BOOST_AUTO_TEST_SUITE_END()
