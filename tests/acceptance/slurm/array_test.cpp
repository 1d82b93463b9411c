// An array of eight tasks on one study in PostgreSQL, of which one is cancelled and one requeued.
#include "tests/acceptance/run.hpp"
#include "tests/acceptance/slurm/slurm.hpp"
#include "tests/support/postgres.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using nlohmann::json;

namespace {

// 100 networks, some 50 ms of training each.
constexpr const char* kGrid = R"(
model = "jsc-toy"
dataset = "jsc-sim"
batch_size = 64
seed = 1
[search.search_space]
setup.by = "name"
[search.search_space.seed.default.config]
name = ["NA"]
[search.search_space.seed.seq_blocks_2.config]
name = ["integer"]
data_in_width = [4, 6, 8, 10, 12]
weight_width = [4, 6, 8, 10, 12]
bias_width = [4, 6, 8, 10]
[search.strategy]
eval_mode = false
sw_runner.basic_train = { max_epochs = 4, num_samples = 160000, learning_rate = 0.01 }
setup = { sampler = "brute", n_trials = 100 }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
)";

json listed(const std::string& storage, const std::filesystem::path& folder) {
  return json::parse(
             succeed({"study", "trials", "--storage", storage, "--study", "grid", "--json"}, folder)
                 .out)
      .at("trials");
}

bool has_ended(const PostgresServer& server, int trials) {
  return server.psql("SELECT to_regclass('trials') IS NOT NULL") == "t\n" &&
         std::stoi(server.psql("SELECT count(*) FROM trials WHERE state = 'COMPLETE'")) >= trials;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slurm)

BOOST_AUTO_TEST_CASE(an_array_finishes_each_combination_once_though_tasks_are_cancelled) {
  const Slurm slurm(8);
  const PostgresServer server;
  const auto& folder = slurm.folder();
  write_file(folder / "grid.toml", kGrid);
  slurm.run(fmt::format("LATHE_STORAGE='{}' sbatch --job-name=grid '{}' --config grid.toml",
                        server.url(), (source_dir() / "examples/slurm/search.sbatch").string()));
  slurm.wait_until("ten trials", [&] { return has_ended(server, 10); });
  slurm.run("scancel 1_3; scontrol requeue 1_5");
  slurm.wait_until("the requeued task to wait", [&] { return slurm.state("1_5") == "PD"; });
  slurm.run("scontrol update jobid=1_5 starttime=now");
  slurm.wait_until("the end of the array", [&] { return slurm.state("1").empty(); });

  succeed({"search", "--config", "grid.toml", "--storage", "sqlite:///alone.db", "--study", "grid",
           "--project", "alone"},
          folder);
  BOOST_TEST(listed(server.url(), folder) == listed("sqlite:///alone.db", folder));
  BOOST_TEST(slurm.run("scontrol show job 1_5").find("Restarts=1") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
