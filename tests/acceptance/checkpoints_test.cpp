// Weights as people have them (tests/cases/files), through the executable: one trained net, written
// in many ways, scores the same in each.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::string field_file(const std::string& name) {
  return (source_dir() / "tests" / "cases" / "files" / name).string();
}

Words tested(const std::string& file, const Words& more = {}) {
  Words words{"test", "jsc-tiny", "jsc-sim", "--load", field_file(file), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Of base.pt on jsc-sim; the loss is the mean over samples of what predictions.csv's logits give.
void check_scores(const Outcome& outcome) {
  const auto metrics = outcome.json()["metrics"];
  BOOST_TEST(std::abs(metrics["accuracy"].get<double>() - 0.6399) < 1e-9, outcome.out);
  BOOST_TEST(std::abs(metrics["loss"].get<double>() - 0.90282) < 1e-5, outcome.out);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(one_net_scores_the_same_however_it_was_written) {
  const TemporaryFolder folder;
  for (const char* file :
       {"base.pt", "config_in_folder_code.pt", "extra_complex.pt", "neg_bit.pt", "nocrc.pt",
        "ordereddict_subclass.pt", "python2_large_int.pt", "zip_trailing_newline.pt",
        "extra_U16.safetensors", "metadata_null.safetensors"})
    BOOST_TEST_CONTEXT(file) { check_scores(succeed(tested(file), folder.path())); }
  const Outcome complex = succeed(tested("extra_complex.pt"), folder.path());
  BOOST_TEST(complex.err.find("freqs_cis") != std::string::npos, complex.err);
}

BOOST_AUTO_TEST_CASE(of_two_nets_in_one_file_the_prefix_chooses) {
  const TemporaryFolder folder;
  const Outcome neither = run_lathe(tested("model_and_ema.pt"), folder.path());
  BOOST_TEST(neither.exit_code == 1);
  for (const char* word : {"2 complete sets", "'ema.'", "'model.'", "--load-prefix"})
    BOOST_TEST(neither.last_line().find(word) != std::string::npos, neither.err);
  for (const char* prefix : {"model", "model."}) {
    const Outcome outcome =
        succeed(tested("model_and_ema.pt", {"--load-prefix", prefix}), folder.path());
    check_scores(outcome);
    BOOST_TEST(outcome.json()["provenance"]["weights"]["prefix"] == "model.");
  }
  // Five classes of equal probability: ln 5.
  const auto ema = succeed(tested("model_and_ema.pt", {"--load-prefix", "ema"}), folder.path());
  BOOST_TEST(std::abs(ema.json()["metrics"]["loss"].get<double>() - 1.60944) < 1e-4, ema.out);
}

BOOST_AUTO_TEST_CASE(a_new_head_starts_fresh_and_is_named) {
  const TemporaryFolder folder;
  const Words words{"transform",           "jsc-custom<hidden=[16]>", "jsc-sim",  "--load",
                    field_file("base.pt"), "--load-strict=false",     "--passes", "flops",
                    "--project-dir",       folder.path().string(),    "--json"};
  const Outcome outcome = succeed(words, folder.path());
  const auto weights = outcome.json()["provenance"]["weights"];
  BOOST_TEST(weights["strict"] == false);
  BOOST_TEST(!weights["fresh"].empty());
  BOOST_TEST(outcome.err.find("stay as they are initialised") != std::string::npos, outcome.err);
}

BOOST_AUTO_TEST_SUITE_END()
