// Plugins that end the process: who did it is named, and the exit code is never 0.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::string fixture_file(const std::string& name) {
  return (build_dir() / "tests" / "fixtures" / (name + ".so")).string();
}

Outcome counted_with(const std::string& fixture, const std::string& pass,
                     const std::filesystem::path& folder) {
  return run_lathe({"transform", "jsc-tiny", "jsc-sim", "--passes", "flops," + pass, "--plugin",
                    fixture_file(fixture)},
                   folder);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ending_plugins)

BOOST_AUTO_TEST_CASE(a_plugin_that_ends_the_process_is_named_and_the_exit_code_is_1) {
  const TemporaryFolder folder;
  BOOST_TEST(counted_with("ender", "ender", folder.path()).exit_code == 0);
  struct Case {
    const char* how;
    std::vector<const char*> words;
  };
  const std::vector<const char*> exits{"pass 'ender'", "ender.so", "exit()"};
  const Case cases[] = {
      {"segv", {"pass 'ender'", "ender.so", "SIGSEGV"}},
      {"stack", {"pass 'ender'", "ender.so", "SIGSEGV"}},
      {"fpe", {"pass 'ender'", "ender.so", "SIGFPE"}},
      {"abort", {"pass 'ender'", "ender.so", "SIGABRT"}},
      {"terminate", {"pass 'ender'", "ender.so", "SIGABRT"}},
      {"body", {"pass 'ender'", "ender.so", "it threw: in a body"}},
      {"exit", exits},
      {"quick_exit", exits},
      {"exit_of_destroy", exits},
      {"exit_of_thread", {"exit()", "plugin"}},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.how) {
      const Outcome outcome =
          counted_with("ender", std::string("ender<how=") + c.how + ">", folder.path());
      BOOST_TEST(outcome.exit_code == 1);
      for (const char* word : c.words) BOOST_TEST(contains(outcome.err, word), outcome.err);
      BOOST_TEST(outcome.err.ends_with("\n"));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_op_that_ends_the_process_in_its_kernel_is_named) {
  const TemporaryFolder folder;
  write_file(folder.path() / "net.cpp", R"(
#include <lathe/lathe.hpp>
struct Net {
  void build(lathe::model_builder& m) {
    auto x = m.linear("fc", m.placeholder("x", {m.features()}), m.features(), m.classes());
    m.output(m.module("fixture.troubled", "it", {x}, {{"how", "exit_forward"}}));
  }
};
LATHE_MODEL(Net, "ending_net", "1.0.0", "Ends.")
)");
  good({"plugin", "build", "net.cpp"}, folder.path());
  const Outcome outcome =
      run_lathe({"transform", "ending_net", "jsc-sim", "--passes", "evaluate", "--plugin",
                 "./net.so", "--plugin", fixture_file("troubled_op")},
                folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  for (const char* word : {"op 'fixture.troubled'", "troubled_op.so", "in forward()", "exit()"}) {
    BOOST_TEST(contains(outcome.err, word), outcome.err);
  }
}

BOOST_AUTO_TEST_CASE(a_plugin_that_exits_while_it_is_loaded_is_named) {
  const TemporaryFolder folder;
  const Outcome outcome = counted_with("exits_when_loaded", "exits_when_loaded", folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  BOOST_TEST(contains(outcome.err, "exits_when_loaded.so"), outcome.err);
}

// Jobs run on threads of their own.
BOOST_AUTO_TEST_CASE(a_crash_in_a_search_with_two_jobs_is_named_and_the_search_can_go_on) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
             "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
             "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
             "[search.search_space.seed.linear.config]\nname = ['integer']\n"
             "data_in_width = [2, 3, 4, 5, 6, 7, 8]\nweight_width = [2, 4, 8]\n"
             "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 64\n"
             "hw_runner.average_bitwidth.compare_to = 32\n"
             "hw_runner.ender.how = 'third'\n"
             "setup = { n_jobs = 2, n_trials = 8, sampler = 'random' }\n"
             "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"
             "metrics.average_bitwidth = { scale = 0.2, direction = 'minimize' }\n");
  Words words{"search",    "--config", "a.toml",   "--project-dir",      ".",
              "--project", "s",        "--plugin", fixture_file("ender")};
  write_file(folder.path() / "end_me", "");
  const Outcome crashed = run_lathe(words, folder.path());
  BOOST_TEST(crashed.exit_code == 1);
  for (const char* word : {"pass 'ender'", "ender.so", "SIGSEGV"})
    BOOST_TEST(contains(crashed.err, word), crashed.err);
  std::filesystem::remove(folder.path() / "end_me");
  words.emplace_back("--json");
  const Outcome again = good(words, folder.path());
  BOOST_TEST(again.json().at("trials") >= 8);
}

BOOST_AUTO_TEST_SUITE_END()
