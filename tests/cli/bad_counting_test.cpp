// Ops that nobody can count, and self-tests that are none: what is said of them; and what
// --allow-uncounted makes of the first.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

Words uncounted(Words words) {
  for (const std::string& word :
       {std::string("--plugin"),
        (build_dir() / "tests" / "fixtures" / "uncounted_net.so").string()}) {
    words.push_back(word);
  }
  return words;
}

Words transform(const std::string& passes) {
  return uncounted({"transform", "fixture.uncounted_net", "jsc-sim", "--passes", passes});
}

constexpr const char* kSearch = R"(
[search.search_space]
name = "graph/quantize/mixed_precision_ptq"
[search.search_space.setup]
by = "type"
[search.search_space.seed.default.config]
name = ["NA"]
[search.search_space.seed.linear.config]
name = ["integer"]
data_in_width = [4, 8]
[search.strategy]
name = "optuna"
hw_runner.bitops = {}
setup = {n_jobs = 1, n_trials = 2, sampler = "brute", sum_scaled_metrics = false}
[search.strategy.metrics]
total_bitops = {scale = 1.0, direction = "minimize"}
)";

}  // namespace

BOOST_AUTO_TEST_CASE(ops_without_a_counting_rule_are_named_with_their_nodes) {
  const std::vector<std::string> says{"fixture.uncounted", "node 'it'", "--allow-uncounted"};
  check_bad_inputs({
      {"uncounted FLOPs", {}, transform("flops"), 1, says},
      {"uncounted bits", {}, transform("bitops"), 1, says},
      {"a pass that says it itself", {}, transform("flops<allow_uncounted=false>"), 1, says},
      {"an allowance that is none",
       {},
       transform("flops<allow_uncounted=maybe>"),
       2,
       {"allow_uncounted", "maybe"}},
      {"a misspelt flag",
       {},
       {"transform", "jsc-tiny", "--passes", "flops", "--allow-uncouted"},
       2,
       {"--allow-uncouted", "--allow-uncounted"}},
  });
}

BOOST_AUTO_TEST_CASE(self_tests_that_are_none_are_refused) {
  check_bad_inputs({
      {"an unknown self-test", {}, {"selftest", "count"}, 2, {"'count'", "counts"}},
      {"two self-tests", {}, {"selftest", "counts", "counts"}, 2, {"counts"}},
  });
}

BOOST_AUTO_TEST_CASE(the_flag_allows_them_to_all_passes_that_do_not_say_it_themselves) {
  const TemporaryFolder folder;
  Words words = transform("flops,bitops");
  words.emplace_back("--allow-uncounted");
  words.emplace_back("--json");
  const Outcome outcome = good(words, folder.path());
  BOOST_TEST(contains(outcome.err, "no rule to count the FLOPs of op 'fixture.uncounted'"));
  BOOST_TEST(contains(outcome.err, "no rule to count the bit operations of op"));
  // fc1 is 16 x 4, fc2 4 x 5, for the batch of 128.
  BOOST_TEST(outcome.json().at("passes").at(0).at("scalars").at("macs") == 128 * 84);

  Words refused = transform("flops<allow_uncounted=false>");
  refused.emplace_back("--allow-uncounted");
  BOOST_TEST(run_lathe(refused, folder.path()).exit_code == 1);
}

BOOST_AUTO_TEST_CASE(a_search_counts_an_uncounted_op_only_where_it_is_allowed) {
  const TemporaryFolder folder;
  write_file(folder.path() / "search.toml", kSearch);
  const auto search = [](const std::string& project) {
    return uncounted({"search", "fixture.uncounted_net", "jsc-sim", "--config", "search.toml",
                      "--project-dir", ".", "--project", project});
  };
  const Outcome refused = run_lathe(search("refused"), folder.path());
  BOOST_TEST(refused.exit_code == 1);
  BOOST_TEST(contains(refused.err, "op 'fixture.uncounted' (node 'it'"), refused.err);

  Words words = search("allowed");
  words.emplace_back("--allow-uncounted");
  const Outcome allowed = run_lathe(words, folder.path());
  BOOST_TEST(allowed.exit_code == 0, allowed.err);
}
