// Searches: files written for MASE as they are, exhaustion, the same result for any number of
// workers and after any number of kills.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace lathe_test;

namespace {

std::filesystem::path log_of(const std::filesystem::path& folder, const std::string& project) {
  return folder / project / "software/search_ckpts/log.json";
}

Words search(const std::string& file, const std::string& project, const Words& more) {
  Words words{"search", "--config", file, "--project-dir", ".", "--project", project};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(searching)

BOOST_AUTO_TEST_CASE(the_spaces_of_two_files_written_for_mase_have_18_and_36_points) {
  TemporaryFolder folder;
  const std::string grid = golden_search_file(0, folder.path());
  const std::string by_type = golden_search_file(2, folder.path());
  const auto tiny =
      succeed(search(by_type, "a", {"--dataset", "jsc-sim", "--dry-run", "--json"}), folder.path())
          .json();
  BOOST_TEST(tiny.at("space").at("size") == 18);
  const auto student =
      succeed(search(grid, "b",
                     {"--dataset", "jsc-sim", "--model",
                      "jsc-custom<hidden=[16,16],batch_norm=input>", "--dry-run", "--json"}),
              folder.path())
          .json();
  BOOST_TEST(student.at("space").at("size") == 36);
}

BOOST_AUTO_TEST_CASE(brute_visits_each_of_18_points_once_and_stops) {
  TemporaryFolder folder;
  const std::string file = golden_search_file(2, folder.path());
  succeed(search(file, "brute",
                 {"--dataset", "jsc-sim", "--n-trials", "100", "--set",
                  "search.strategy.setup.sampler=brute"}),
          folder.path());
  const auto log = nlohmann::json::parse(read_file(log_of(folder.path(), "brute")));
  std::set<std::string> configs;
  for (const auto& trial : log) configs.insert(trial.at("user_attrs_sampled_config").dump());
  BOOST_TEST(log.size() == 18U);
  BOOST_TEST(configs.size() == 18U);
}

BOOST_AUTO_TEST_CASE(brute_visits_every_point_though_a_person_asks_for_some_again) {
  TemporaryFolder folder;
  const std::string file = golden_search_file(2, folder.path());
  for (const char* order : {"sequential", "shuffled"}) {
    const auto go_on = [&](const std::string& trials) {
      succeed(search(file, order,
                     {"--dataset", "jsc-sim", "--n-trials", trials, "--set",
                      std::string("search.strategy.setup.sampler='brute<order=") + order + ">'"}),
              folder.path());
    };
    go_on("8");
    // As study.enqueue_trial() does it: twice the points of trials 0 and 7.
    write_file(folder.path() / "again.py", R"py(
import json, sqlite3, sys
study = sqlite3.connect(sys.argv[1])
for number, like in enumerate((1, 8, 1, 8), 8):
    wanted = {}
    for name, value, text in study.execute(
            'select param_name, param_value, distribution_json from trial_params '
            'where trial_id = ?', (like,)):
        wanted[name] = json.loads(text)['attributes']['choices'][int(value)]
    added = study.execute("insert into trials (number, study_id, state) values (?, 1, 'WAITING')",
                          (number,)).lastrowid
    study.execute('insert into trial_system_attributes (trial_id, key, value_json) '
                  'values (?, ?, ?)', (added, 'fixed_params', json.dumps(wanted)))
study.commit()
)py");
    const auto study = log_of(folder.path(), order).parent_path() / "study.db";
    BOOST_REQUIRE_EQUAL(std::system(("python3 '" + (folder.path() / "again.py").string() + "' '" +
                                     study.string() + "'")
                                        .c_str()),
                        0);
    go_on("1000");
    const auto log = nlohmann::json::parse(read_file(log_of(folder.path(), order)));
    std::set<std::string> configs;
    for (const auto& trial : log) configs.insert(trial.at("user_attrs_sampled_config").dump());
    BOOST_TEST(log.size() == 22U);
    BOOST_TEST(configs.size() == 18U);
  }
}

BOOST_AUTO_TEST_CASE(brute_visits_each_of_17_networks_once_where_a_layer_may_be_left_as_it_is) {
  TemporaryFolder folder;
  write_file(folder.path() / "a.toml", R"(
model = "jsc-tiny"
dataset = "jsc-sim"
[search.search_space]
setup.by = "type"
[search.search_space.seed.linear.config]
name = ["integer", "NA"]
data_in_width = [2, 4, 6, 8]
weight_width = { low = 2, high = 8, step = 2 }
bias_width = [8]
[search.strategy]
name = "optuna"
hw_runner.average_bitwidth = {}
setup.n_trials = 100
metrics.average_bitwidth = { scale = 1.0, direction = "minimize" }
)");
  for (const std::string sampler : {"brute", "brute<order=shuffled>"}) {
    const auto run = succeed(search("a.toml", sampler.substr(0, 6),
                                    {"--set", "search.strategy.setup.sampler='" + sampler + "'",
                                     "--jobs", "2", "--json"}),
                             folder.path())
                         .json();
    BOOST_TEST(run.at("space").at("size") == 32);
    BOOST_TEST(run.at("space").at("networks") == 17);
    BOOST_TEST(run.at("exhausted") == true);
    std::set<std::string> configs;
    const auto log = nlohmann::json::parse(read_file(log_of(folder.path(), sampler.substr(0, 6))));
    for (const auto& trial : log) {
      const auto& config = trial.at("user_attrs_sampled_config").at("seq_blocks_2").at("config");
      configs.insert(config.dump());
      const bool left = config.at("name").is_null();
      BOOST_TEST(config.contains("weight_width") == !left);
      BOOST_TEST(trial.at("value") == (left ? 32 : config.value("weight_width", 0)));
    }
    BOOST_TEST(log.size() == 17U);
    BOOST_TEST(configs.size() == 17U);
  }
}

BOOST_AUTO_TEST_CASE(a_sampler_whose_list_is_too_short_has_not_visited_every_point) {
  TemporaryFolder folder;
  write_file(folder.path() / "short.cpp", R"(#include <lathe/lathe.hpp>
struct Short {
  bool suggest(lathe::context, std::uint64_t trial, lathe::span<double> values) {
    const std::vector<double> widths = {0, 1};
    values[0] = widths.at(trial);
    return true;
  }
};
LATHE_SAMPLER(Short, "short", "1.0.0", "Has a list of two.")
)");
  succeed({"plugin", "build", "short.cpp"}, folder.path());
  write_file(folder.path() / "a.toml", R"(
model = "mlp"
dataset = "jsc-sim"
search.search_space.model.hidden = [8, 16, 32]
[search.strategy]
name = "optuna"
hw_runner.flops = {}
setup = { n_trials = 3, sampler = "short" }
metrics.parameters = { scale = 1.0, direction = "minimize" }
)");
  const Outcome broken = run_lathe({"search", "--config", "a.toml", "--plugin", "./short.so",
                                    "--project-dir", ".", "--project", "s"},
                                   folder.path());
  BOOST_TEST(broken.exit_code == 1);
  BOOST_TEST(broken.last_line().find("error: sampler 'short': ") == 0U, broken.err);
  BOOST_TEST(broken.out.find("every point") == std::string::npos, broken.out);
}

BOOST_AUTO_TEST_CASE(the_log_is_the_same_for_one_two_and_eight_workers) {
  TemporaryFolder folder;
  const std::string file = golden_search_file(2, folder.path());
  for (const std::string sampler : {"tpe", "random"}) {
    std::vector<std::string> logs;
    for (const std::string jobs : {"1", "2", "8"}) {
      const std::string project = sampler + jobs;
      succeed(search(file, project,
                     {"--dataset", "jsc-sim", "--model", "jsc-toy", "--n-trials", "120", "--jobs",
                      jobs, "--seed", "5", "--set", "search.strategy.setup.sampler=" + sampler}),
              folder.path());
      logs.push_back(log_without_times(log_of(folder.path(), project)));
    }
    BOOST_TEST((logs[0] == logs[1]));
    BOOST_TEST((logs[0] == logs[2]));
  }
}

BOOST_AUTO_TEST_CASE(searches_killed_at_ten_moments_lose_nothing_and_end_the_same) {
  const TemporaryFolder folder;
  const auto said = folder.path() / "said";
  const std::string soak = "LATHE='" + executable().string() + "' python3 '" +
                           (source_dir() / "bench/soak").string() + "' 10 1 > '" + said.string() +
                           "' 2>&1";
  const int code = std::system(soak.c_str());
  BOOST_TEST(code == 0, read_file(said));
}

BOOST_AUTO_TEST_SUITE_END()
