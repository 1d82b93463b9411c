// Plugins that once went wrong (tests/cases), built outside the tree and run as their authors
// would.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

const std::filesystem::path kCases = lathe_test::source_dir() / "tests" / "cases";

void build(const std::string& source, const std::filesystem::path& folder, const Words& more = {}) {
  Words words{"plugin", "build", (kCases / source).string()};
  words.insert(words.end(), more.begin(), more.end());
  succeed(words, folder);
}

Outcome counted(const std::string& passes, const Words& files,
                const std::filesystem::path& folder) {
  Words words{"transform", "jsc-tiny", "--passes", passes, "--project-dir", ".", "--json"};
  for (const std::string& file : files) words.insert(words.end(), {"--plugin", "./" + file});
  return run_lathe(words, folder);
}

bool says(const Outcome& outcome, const std::string& text) {
  return outcome.last_line().find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cases)

BOOST_AUTO_TEST_CASE(plugins_that_end_the_process_or_write_to_the_terminal_are_told_in_one_line) {
  struct Case {
    std::string name;
    std::vector<std::string> words;
  };
  const Case cases[] = {
      {"run_exit", {"pass 'evil'", "run_exit.so", "run()", "exit()"}},
      {"run_abort", {"pass 'evil'", "run_abort.so", "run()", "SIGABRT"}},
      {"run_fail_nl", {"pass 'evil'", "first line\\nsecond \\x1b[31m"}},
  };
  const TemporaryFolder folder;
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.name) {
      build("plugins/" + c.name + ".c", folder.path());
      const Outcome outcome = counted("evil", {c.name + ".so"}, folder.path());
      BOOST_TEST((outcome.exit_code == 1 || outcome.exit_code == 2), outcome.err);
      BOOST_TEST(outcome.out.empty(), outcome.out);
      for (const std::string& word : c.words) BOOST_TEST(says(outcome, word), outcome.err);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_that_exits_while_it_is_loaded_is_named_when_it_is_built) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_lathe({"plugin", "build", (kCases / "plugins/ctor_exit.c").string()}, folder.path());
  BOOST_TEST(outcome.exit_code == 1);
  BOOST_TEST(says(outcome, "ctor_exit.so' while it was loaded called exit()"), outcome.err);
}

#ifdef __x86_64__
// Linked with -ffast-math, a file flushes denormals of the whole process from its loading on.
BOOST_AUTO_TEST_CASE(fast_math_of_one_plugin_does_not_reach_another) {
  const TemporaryFolder folder;
  build("plugins/csr.c", folder.path());
  build("plugins/fast.c", folder.path(), {"--", "-ffast-math"});
  const Outcome outcome = counted("fast,csr", {"fast.so", "csr.so"}, folder.path());
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(outcome.json().at("passes").at(1).at("scalars").at("n") == 0);
}
#endif

BOOST_AUTO_TEST_CASE(odd_networks_are_counted) {
  const TemporaryFolder folder;
  build("networks/odd_models.cpp", folder.path());
  const Outcome list =
      run_lathe({"list", "model", "--plugin", "./odd_models.so", "--json"}, folder.path());
  BOOST_TEST(list.exit_code == 0, list.err);
  const Outcome outcome =
      run_lathe({"transform", "reuse", "--plugin", "./odd_models.so", "--batch-size", "1",
                 "--passes", "flops", "--project-dir", ".", "--json"},
                folder.path());
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(outcome.json().at("passes").at(0).at("scalars").at("total_flops") > 0);
}

BOOST_AUTO_TEST_SUITE_END()
