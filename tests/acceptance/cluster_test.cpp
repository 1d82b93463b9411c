// Several processes of the executable on one study on PostgreSQL: the project's promises of
// searches on many machines, on one.
#include "tests/acceptance/run.hpp"
#include "tests/support/postgres.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

using namespace lathe_test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// 1,000 networks that only have to be counted.
constexpr const char* kCounting = R"(
model = "jsc-toy"
dataset = "jsc-sim"
seed = 5
[search.search_space]
setup.by = "type"
[search.search_space.seed.linear.config]
name = ["integer"]
data_in_width = { low = 2, high = 11 }
weight_width = [8]
[search.strategy]
hw_runner.average_bitwidth = {}
setup.sampler = "brute"
metrics.average_bitwidth = { scale = 1.0, direction = "minimize" }
)";

constexpr const char* kEvaluating = R"(
model = "jsc-toy"
dataset = "jsc-sim"
batch_size = 256
seed = 5
[search.search_space]
setup.by = "type"
[search.search_space.seed.linear.config]
name = ["integer"]
data_in_width = { low = 2, high = 11 }
weight_width = [4, 8]
[search.strategy]
eval_mode = true
sw_runner.basic_evaluation = { num_samples = 512 }
hw_runner.average_bitwidth = {}
setup = { n_trials = 120, sampler = "tpe" }
metrics.accuracy = { scale = 1.0, direction = "maximize" }
metrics.average_bitwidth = { scale = 1.0, direction = "minimize" }
)";

class Cluster {
 public:
  explicit Cluster(const char* config) { write_file(folder_.path() / "search.toml", config); }

  const PostgresServer& server() const { return server_; }
  PostgresServer& server() { return server_; }
  Words words(const std::string& project, const Words& more = {}) const {
    Words all{"search",  "--config",  "search.toml", "--project-dir", ".",      "--project",
              project,   "--storage", server_.url(), "--study",       "shared", "--overwrite",
              "--lease", "2",         "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  int start(const std::string& project, const Words& more = {}) const {
    return start_lathe(words(project, more), folder_.path(), folder_.path() / (project + ".out"),
                       folder_.path() / (project + ".err"));
  }
  std::string said(const std::string& project) const {
    return read_file(folder_.path() / (project + ".err"));
  }
  fs::path log(const std::string& project) const {
    return folder_.path() / project / "software" / "search_ckpts" / "log.json";
  }
  const fs::path& folder() const { return folder_.path(); }
  int ended_trials() const {
    return std::stoi(server_.psql("SELECT count(*) FROM trials WHERE state = 'COMPLETE'"));
  }
  void wait_for_trials(int count) const {
    for (int i = 0; i < 3000; ++i) {
      if (server_.psql("SELECT to_regclass('trials') IS NOT NULL") == "t\n" &&
          ended_trials() >= count)
        return;
      std::this_thread::sleep_for(milliseconds(10));
    }
  }

 private:
  PostgresServer server_;
  TemporaryFolder folder_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_AUTO_TEST_CASE(eight_processes_of_which_four_are_killed_finish_each_of_1000_networks_once) {
  const Cluster cluster(kCounting);
  std::vector<int> processes;
  for (int i = 0; i < 8; ++i)
    processes.push_back(cluster.start(fmt::format("p{}", i), {"--n-trials", "1000"}));
  cluster.wait_for_trials(150);
  for (int i = 0; i < 4; ++i)
    BOOST_TEST(kill(processes[static_cast<std::size_t>(2 * i)], SIGKILL) == 0);
  for (int i = 0; i < 8; ++i) {
    const int code = wait_for(processes[static_cast<std::size_t>(i)]);
    BOOST_TEST(code == (i % 2 == 0 ? 128 + SIGKILL : 0), cluster.said(fmt::format("p{}", i)));
  }
  BOOST_TEST(cluster.server().psql("SELECT state, count(*) FROM trials GROUP BY state") ==
             "COMPLETE|1000\n");
  BOOST_TEST(cluster.server().psql(
                 "SELECT count(DISTINCT point) FROM (SELECT string_agg(param_name || '=' || "
                 "param_value, ',' ORDER BY param_name) AS point FROM trial_params GROUP BY "
                 "trial_id) AS points") == "1000\n");
  BOOST_TEST(cluster.server().psql("SELECT count(*) FROM trial_values") == "1000\n");
  BOOST_TEST(cluster.server().psql("SELECT count(*) FROM lathe_leases") == "0\n");
  BOOST_TEST(log_without_times(cluster.log("p1")) == log_without_times(cluster.log("p7")));
}

BOOST_AUTO_TEST_CASE(one_two_eight_workers_and_three_processes_give_the_same_trials) {
  std::string alone;
  for (const char* jobs : {"1", "2", "8"}) {
    const Cluster cluster(kEvaluating);
    const int code = wait_for(cluster.start("p", {"--jobs", jobs}));
    BOOST_TEST(code == 0, cluster.said("p"));
    if (alone.empty()) alone = log_without_times(cluster.log("p"));
    BOOST_TEST(log_without_times(cluster.log("p")) == alone);
  }
  const Cluster cluster(kEvaluating);
  std::vector<int> processes;
  for (const char* project : {"a", "b", "c"}) processes.push_back(cluster.start(project));
  for (const int process : processes) BOOST_TEST(wait_for(process) == 0);
  for (const char* project : {"a", "b", "c"})
    BOOST_TEST(log_without_times(cluster.log(project)) == alone);
}

BOOST_AUTO_TEST_CASE(kills_of_workers_and_of_the_server_lose_nothing_and_change_nothing) {
  // Enough that none of the ten moments is after the end.
  const Words trials{"--n-trials", "600"};
  std::string alone;
  {
    const Cluster cluster(kEvaluating);
    BOOST_TEST_REQUIRE(wait_for(cluster.start("p", trials)) == 0);
    alone = log_without_times(cluster.log("p"));
  }
  Cluster cluster(kEvaluating);
  std::mt19937 random(1);
  std::vector<int> processes{cluster.start("p0", trials), cluster.start("p1", trials)};
  int ended = 0;
  for (int i = 0; i < 10; ++i) {
    cluster.wait_for_trials(ended + 2);
    std::this_thread::sleep_for(milliseconds(random() % 100));
    ended = cluster.ended_trials();
    BOOST_TEST_REQUIRE(ended < 590);
    if (i % 3 == 2) {
      cluster.server().kill();
      std::this_thread::sleep_for(milliseconds(random() % 300));
      cluster.server().start();
    } else {
      // One whose trial two kills stopped would be set aside.
      int& process = processes[static_cast<std::size_t>(i % 2)];
      kill(process, SIGKILL);
      wait_for(process);
      process = cluster.start(fmt::format("p{}", i % 2), trials);
      for (int tries = 0; tries < 1000; ++tries) {
        if (cluster.server().psql("SELECT count(*) FROM trial_system_attributes JOIN trials USING "
                                  "(trial_id) WHERE key = 'lathe:killed' AND state = 'RUNNING'") ==
            "0\n")
          break;
        std::this_thread::sleep_for(milliseconds(10));
      }
    }
    BOOST_TEST(cluster.ended_trials() >= ended);
  }
  for (const int process : processes) BOOST_TEST(wait_for(process) == 0);
  BOOST_TEST(log_without_times(cluster.log("p0")) == alone);
  BOOST_TEST(log_without_times(cluster.log("p1")) == alone);
}

BOOST_AUTO_TEST_CASE(no_password_is_in_what_a_search_writes_and_says) {
  const Cluster cluster(kCounting);
  cluster.server().psql("CREATE ROLE me LOGIN SUPERUSER PASSWORD 's3cret'");
  const Words words{"search",
                    "--config",
                    "search.toml",
                    "--project-dir",
                    ".",
                    "--project",
                    "p",
                    "--storage",
                    cluster.server().tcp_url("me:s3cret"),
                    "--n-trials",
                    "3"};
  const Outcome outcome = run_lathe(words, cluster.folder());
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST((outcome.out + outcome.err).find("s3cret") == std::string::npos);
  for (const auto& file : fs::recursive_directory_iterator(cluster.folder() / "p"))
    if (file.is_regular_file())
      BOOST_TEST(read_file(file.path()).find("s3cret") == std::string::npos, file.path());
  const Outcome listed = run_lathe(
      {"study", "trials", "--storage", cluster.server().url(), "--json"}, cluster.folder());
  BOOST_TEST(listed.exit_code == 0, listed.err);
  BOOST_TEST(listed.json().at("trials").size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
