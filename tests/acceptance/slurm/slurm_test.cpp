// The script of examples/slurm on a real Slurm.
#include "tests/acceptance/slurm/slurm.hpp"

#include "tests/support/process.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using nlohmann::json;

namespace {

std::string script() { return (source_dir() / "examples/slurm/search.sbatch").string(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(slurm)

// SIGINT to the batch script alone is what --signal=B:INT@60 sends a minute before the time limit.
BOOST_AUTO_TEST_CASE(a_task_that_its_time_limit_ends_hands_its_trial_back_and_is_submitted_again) {
  const Slurm slurm(1);
  const std::string storage = "sqlite:///" + (slurm.folder() / "study.db").string();
  const auto trials = [&](const std::string& state) {
    int count = 0;
    const json study = json::parse(
        slurm.run(fmt::format("lathe study trials --storage {} --study ranges --json", storage)));
    for (const json& trial : study.at("trials")) count += trial.at("state") == state;
    return count;
  };
  const std::string submit = fmt::format(
      "LATHE_STORAGE={} sbatch --job-name=ranges --array=0 '{}' --config "
      "'{}/examples/ranges.toml' --n-trials 6",
      storage, script(), source_dir().string());
  const std::string results = "lathe_output/ranges-0/software/search_ckpts/best.json";

  slurm.run(submit);
  slurm.wait_until("a trial", [&] {
    return std::filesystem::exists(slurm.folder() / "study.db") && trials("COMPLETE") > 0;
  });
  slurm.run("scancel --batch --signal=INT 1_0");
  slurm.wait_until("the end of a task", [&] { return slurm.state("1_0").empty(); });
  BOOST_TEST(trials("RUNNING") == 0);
  BOOST_TEST(trials("FAIL") == 0);
  BOOST_TEST(trials("COMPLETE") < 6);
  BOOST_TEST(slurm.run("scontrol show job 1").find("ExitCode=1:0") != std::string::npos);
  BOOST_TEST(!json::parse(read_file(slurm.folder() / results)).empty());

  slurm.run(submit);
  slurm.wait_until("six trials", [&] { return trials("COMPLETE") == 6; });
}

BOOST_AUTO_TEST_SUITE_END()
