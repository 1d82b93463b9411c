// What must not be loaded: counting needs no tensor library, no database, no data format.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// The dynamic linker's own list of everything the process opened.
std::string libraries_of(const Words& words, const std::filesystem::path& project_dir) {
  TemporaryFolder lists;
  const std::string prefix = (lists.path() / "libraries").string();
  succeed(words, project_dir, {"LD_DEBUG=files", "LD_DEBUG_OUTPUT=" + prefix});
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(lists.path()))
    if (entry.path().filename().string().rfind("libraries", 0) == 0) all += read_file(entry.path());
  BOOST_REQUIRE(all.find("liblathe_core") != std::string::npos);  // the list is one
  return all;
}

void check_light(const Words& words) {
  TemporaryFolder folder;
  const std::string libraries = libraries_of(words, folder.path());
  for (const char* heavy :
       {"libtorch", "libc10", "libpq", "libhdf5", "libsqlite3", "lathe_engine", "lathe_storage"})
    BOOST_CHECK_MESSAGE(libraries.find(heavy) == std::string::npos, words.front()
                                                                        << " loads " << heavy);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(start_up)

BOOST_AUTO_TEST_CASE(help_loads_nothing_heavy) { check_light({"--help"}); }

BOOST_AUTO_TEST_CASE(listing_plugins_loads_nothing_heavy) { check_light({"plugin", "list"}); }

BOOST_AUTO_TEST_CASE(counting_jsc_s_loads_nothing_heavy) {
  check_light({"transform", "jsc-s", "jsc-sim", "--passes", "flops", "--json"});
}

BOOST_AUTO_TEST_CASE(counting_a_known_set_needs_no_data) {
  check_light({"transform", "jsc-s", "jsc", "--passes", "flops,bitops", "--json"});
}

// A process that trains, scores or searches a jet net opens neither LibTorch nor the engine.
BOOST_AUTO_TEST_CASE(training_testing_and_searching_jet_nets_opens_no_libtorch) {
  TemporaryFolder folder;
  const auto check = [&](const Words& words) {
    const std::string libraries = libraries_of(words, folder.path());
    for (const char* heavy : {"libtorch", "libc10", "lathe_engine"})
      BOOST_CHECK_MESSAGE(libraries.find(heavy) == std::string::npos, words.front()
                                                                          << " loads " << heavy);
  };
  const Words small{"--batch-size", "256", "--project-dir", "."};
  const auto with_small = [&](Words words) {
    words.insert(words.end(), small.begin(), small.end());
    return words;
  };
  for (const char* net : {"jsc-tiny", "jsc-toy", "jsc-s"})
    check(with_small({"train", net, "jsc-sim", "--max-epochs", "1", "--project", net}));
  check(with_small({"test", "jsc-toy", "jsc-sim", "--load",
                    "jsc-toy/software/training_ckpts/best.safetensors", "--project", "tested"}));
  write_file(folder.path() / "widths.toml", R"(
[search.search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "type"
[search.search_space.seed.default.config]
name = ["NA"]
[search.search_space.seed.linear.config]
name = ["integer"]
data_in_width = [4, 8]
data_in_frac_width = ["NA"]
weight_width = [2, 8]
weight_frac_width = ["NA"]
bias_width = [8]
bias_frac_width = ["NA"]
[search.strategy]
name = "optuna"
eval_mode = true
sw_runner.basic_evaluation = { data_loader = "val_dataloader", num_samples = 512 }
hw_runner.average_bitwidth = { compare_to = 32 }
setup = { n_jobs = 2, n_trials = 3, sampler = "random" }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
)");
  check(with_small({"search", "jsc-toy", "jsc-sim", "--config", "widths.toml", "--load",
                    "jsc-toy/software/training_ckpts/best.safetensors", "--project", "searched"}));
  check(with_small({"search", "jsc-toy", "jsc-sim", "--config", "widths.toml", "--set",
                    "search.strategy.eval_mode=false", "--set",
                    "search.strategy.sw_runner.basic_train.max_epochs=1", "--project",
                    "searched_training"}));
  // It asks for a GPU, which is not worth LibTorch where there is none.
  if (!std::filesystem::exists("/dev/nvidiactl") && !std::filesystem::exists("/dev/kfd")) {
    check(with_small({"search", "jsc-toy", "jsc-sim", "--config",
                      (source_dir() / "examples/jsc_toy_by_type.toml").string(), "--n-trials", "2",
                      "--project", "searched_example"}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
