// One study in turns by the executable and by Optuna, whichever begins: ranges, logarithmic and
// stepped ones, parameters under a condition, two objectives. $OPTUNA_PYTHON may name the Python
// (/usr/bin/python3, Debian's); skipped where that has no Optuna.
#include "tests/acceptance/run.hpp"
#include "tests/support/postgres.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

#include <signal.h>

using namespace lathe_test;
using nlohmann::json;

namespace {

class SharedStudy {
 public:
  // In a file, or at a URL.
  explicit SharedStudy(const std::string& url = {})
      : url_(url.empty() ? "sqlite:///" + at("study.db").string() : url) {
    write_file(at("space.toml"), R"(
model = "jsc-toy"
dataset = "jsc-sim"
batch_size = 256
seed = 5
[search.search_space]
setup.by = "type"
[search.search_space.seed.linear.config]
name = ["integer", "NA"]
data_in_width = { low = 2, high = 12 }
weight_width = { low = 2, high = 12, step = 2 }
[search.search_space.training]
learning_rate = { low = 1e-4, high = 0.3, log = true }
training_optimizer = ["adamw", "sgd"]
weight_decay = { low = 0.0, high = 0.3, step = 0.1, when = { training_optimizer = ["adamw"] } }
[search.strategy]
eval_mode = false
sw_runner.basic_train = { max_epochs = 1, num_samples = 512 }
hw_runner.average_bitwidth = {}
metrics.accuracy = { scale = 1.0, direction = "maximize" }
metrics.average_bitwidth = { scale = 1.0, direction = "minimize" }
)");
    if (std::system((python() + " -c 'import optuna' 2> /dev/null").c_str()) != 0)
      skip("python3-optuna is not installed");
  }

  // log.json after the search went on to so many trials.
  json search_to(int trials) const {
    succeed({"search", "--config", "space.toml", "--project-dir", ".", "--project", "p",
             "--storage", url_, "--study", "shared", "--n-trials", std::to_string(trials)},
            folder_.path());
    return json::parse(read_file(at("p/software/search_ckpts/log.json")));
  }
  // A search without end, started and left running. Its trials take a tenth of a second: Optuna
  // reads them all for each of its own.
  int start(const std::string& project) const {
    return start_lathe({"search", "--config", "space.toml", "--project-dir", ".", "--project",
                        project, "--storage", url_, "--study", "shared", "--n-trials", "NA",
                        "--set", "search.strategy.sw_runner.basic_train.num_samples=160000"},
                       folder_.path(), at(project + ".out"), at(project + ".err"));
  }
  json log(const std::string& project) const {
    return json::parse(read_file(at(project + "/software/search_ckpts/log.json")));
  }
  // The numbers of best.json.
  std::vector<int> best() const {
    std::vector<int> numbers;
    for (const auto& trial : json::parse(read_file(at("p/software/search_ckpts/best.json"))))
      numbers.push_back(trial.at("number"));
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  // What Optuna sees once it has added so many trials.
  json optuna_adds(int trials) const {
    const std::string command =
        python() + " '" + (source_dir() / "tests/acceptance/optuna_peer.py").string() + "' '" +
        url_ + "' shared " + std::to_string(trials) + " > '" + at("seen.json").string() + "'";
    BOOST_REQUIRE_EQUAL(std::system(command.c_str()), 0);
    return json::parse(read_file(at("seen.json")));
  }

 private:
  static std::string python() {
    const char* chosen = std::getenv("OPTUNA_PYTHON");
    return chosen ? chosen : "/usr/bin/python3";
  }
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  const std::string url_;
};

// The parameters of a row of log.json, as Optuna names them.
json parameters_of(const json& row) {
  json flat = json::object();
  for (const auto& [part, entry] : row.at("user_attrs_sampled_config").items()) {
    if (part == "by" || part == "default") continue;  // of the whole space, the same in all
    const bool layer = entry.contains("config");
    for (const auto& [name, value] : (layer ? entry.at("config") : entry).items())
      flat[part + (layer ? "/config/" : "/") + name] = value;
  }
  return flat;
}

// log.json has ten digits.
bool alike(const json& a, const json& b) {
  if (!a.is_number() || !b.is_number()) return a == b;
  const double x = a, y = b;
  return std::abs(x - y) <= 1e-9 * std::max({1.0, std::abs(x), std::abs(y)});
}

void check_same(const json& row, const json& seen) {
  BOOST_TEST(seen.at("number") == row.at("number"));
  BOOST_TEST(seen.at("state") == row.at("state"));
  for (const std::string i : {"0", "1"})
    BOOST_TEST(alike(row.at("values_" + i), seen.at("values").at(std::stoul(i))));
  const json flat = parameters_of(row), &params = seen.at("params");
  BOOST_TEST(flat.size() == params.size());
  for (const auto& [name, value] : flat.items())
    BOOST_TEST((params.contains(name) && alike(value, params.at(name))), name << " " << value);
}

// All trials of log.json are those that Optuna saw, as far as it saw them.
void check_same_trials(const json& log, const json& seen) {
  BOOST_TEST_REQUIRE(log.size() >= seen.at("trials").size());
  for (const json& trial : seen.at("trials"))
    check_same(log.at(std::to_string(trial.at("number").get<int>())), trial);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(with_optuna)

BOOST_AUTO_TEST_CASE(optuna_adds_twenty_trials_to_a_search_and_the_search_goes_on) {
  const SharedStudy study;
  const json begun = study.search_to(20);
  const json seen = study.optuna_adds(0);
  BOOST_TEST(seen.at("trials").size() == 20U);
  check_same_trials(begun, seen);
  BOOST_TEST(seen.at("best").get<std::vector<int>>() == study.best());

  const json added = study.optuna_adds(20);
  BOOST_TEST(added.at("trials").size() == 40U);
  const json log = study.search_to(60);
  BOOST_TEST(log.size() == 60U);
  check_same_trials(log, added);
  const json end = study.optuna_adds(0);
  BOOST_TEST(end.at("trials").size() == 60U);
  check_same_trials(log, end);
  BOOST_TEST(end.at("best").get<std::vector<int>>() == study.best());
}

BOOST_AUTO_TEST_CASE(a_search_goes_on_with_a_study_that_optuna_began) {
  const SharedStudy study;
  const json begun = study.optuna_adds(20);
  BOOST_TEST(begun.at("trials").size() == 20U);
  const json log = study.search_to(40);
  BOOST_TEST(log.size() == 40U);
  check_same_trials(log, begun);
  const json end = study.optuna_adds(0);
  BOOST_TEST(end.at("trials").size() == 40U);
  check_same_trials(log, end);
  BOOST_TEST(end.at("best").get<std::vector<int>>() == study.best());
}

BOOST_AUTO_TEST_CASE(optuna_adds_twenty_trials_on_postgres_while_two_searches_run) {
  if (std::system("/usr/bin/python3 -c 'import psycopg2' 2> /dev/null") != 0)
    skip("python3-psycopg2 is not installed");
  const PostgresServer server;
  const SharedStudy study(server.url());
  const std::vector<std::string> projects{"a", "b"};
  std::vector<int> processes;
  for (const std::string& project : projects) processes.push_back(study.start(project));
  const auto count = [&](const char* which) {
    return std::stoi(server.psql(std::string("SELECT count(*) FROM trials ") + which));
  };
  for (int i = 0; i < 2000 && server.psql("SELECT to_regclass('trials')") == "\n"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  while (count("WHERE state = 'COMPLETE'") < 6)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  study.optuna_adds(20);
  const int then = count("");
  while (count("WHERE state = 'COMPLETE'") < then + 6)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (const int process : processes) kill(process, SIGINT);
  for (const int process : processes) wait_for(process);

  BOOST_TEST(count("t WHERE NOT EXISTS (SELECT 1 FROM trial_user_attributes a WHERE a.trial_id = "
                   "t.trial_id) AND state = 'COMPLETE'") == 20);
  const json seen = study.optuna_adds(0);
  for (const std::string& project : projects) {
    const json log = study.log(project);
    BOOST_TEST(log.size() >= static_cast<std::size_t>(then));
    for (const auto& [number, row] : log.items())
      check_same(row, seen.at("trials").at(std::stoul(number)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
