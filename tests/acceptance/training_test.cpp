// Training: accuracy on real letters, and a killed run that ends as if nothing had happened.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>

using namespace lathe_test;

namespace {

Words train_letters(const std::string& data, int seed, const std::string& project) {
  return {"train",
          "jsc-toy",
          data,
          "--training-optimizer",
          "adam",
          "--learning-rate",
          "1e-2",
          "--batch-size",
          "64",
          "--max-epochs",
          "50",
          "--seed",
          std::to_string(seed),
          "--project-dir",
          ".",
          "--project",
          project,
          "--json"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(training)

BOOST_AUTO_TEST_CASE(jsc_toy_learns_the_real_letters_as_well_as_pytorch_does) {
  TemporaryFolder folder;
  const std::string data = letters();
  double sum = 0;
  for (int seed = 0; seed < 5; ++seed) {
    const Outcome run =
        succeed(train_letters(data, seed, "seed" + std::to_string(seed)), folder.path());
    const double accuracy = run.json().at("metrics").at("accuracy").get<double>();
    BOOST_TEST_MESSAGE("seed " << seed << ": test accuracy " << accuracy);
    sum += accuracy;
  }
  BOOST_TEST_MESSAGE("mean test accuracy " << sum / 5 << " (PyTorch: 0.974)");
  BOOST_TEST(sum / 5 >= 0.965);
}

// The killed run is resumed until it ends; every part of it may be cut anywhere.
BOOST_AUTO_TEST_CASE(a_training_killed_at_twenty_moments_ends_with_the_same_bytes) {
  TemporaryFolder folder;
  const Words whole{"train", "jsc-toy",      "jsc-sim", "--batch-size", "16", "--learning-rate",
                    "1e-2",  "--max-epochs", "40",      "--seed",       "3",  "--project-dir",
                    "."};
  const auto with = [&](const Words& more) {
    Words words = whole;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto last = [&](const std::string& project) {
    return folder.path() / project / "software/training_ckpts/last.safetensors";
  };
  const auto begin = std::chrono::steady_clock::now();
  succeed(with({"--project", "whole"}), folder.path());
  const auto whole_run = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);

  std::mt19937 random(7);
  int longest = static_cast<int>(whole_run.count());
  int kills = 0, within_training = 0;
  for (int attempt = 0; attempt < 200 && kills < 20; ++attempt) {
    Words words = with({"--project", "killed"});
    if (std::filesystem::exists(last("killed"))) words.push_back("--resume");
    const int process =
        start_lathe(words, folder.path(), folder.path() / "out", folder.path() / "err");
    const bool killed =
        kill_after(process, std::uniform_int_distribution<int>(longest / 5, longest)(random));
    const int code = wait_for(process);
    if (!killed) {
      BOOST_REQUIRE_MESSAGE(code == 0, read_file(folder.path() / "err"));
      // It was quicker, perhaps because the run that was timed was disturbed: once more, sooner.
      std::filesystem::remove_all(folder.path() / "killed");
      longest = std::max(10, longest - longest / 8);
      continue;
    }
    ++kills;
    within_training += std::filesystem::exists(last("killed")) ? 1 : 0;
  }
  BOOST_TEST_MESSAGE(kills << " kills, " << within_training << " after the first checkpoint");
  BOOST_TEST(kills == 20);
  BOOST_TEST(within_training >= 5);
  Words words = with({"--project", "killed"});
  if (std::filesystem::exists(last("killed"))) words.push_back("--resume");
  succeed(words, folder.path());
  BOOST_TEST((read_file(last("killed")) == read_file(last("whole"))));
}

BOOST_AUTO_TEST_SUITE_END()
